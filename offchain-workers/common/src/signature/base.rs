//! The bytes that are signed (RFC 9421, section 2.5) and the parameters they end with.

use super::{RequestParts, MAX_NONCE_LENGTH, MIN_NONCE_LENGTH};
use sfv::{BareItem, Dictionary, InnerList, ListEntry, Parser};

/// Label of the one signature that a request carries.
pub(super) const LABEL: &str = "msec";
const COMPONENTS: [&str; 4] = ["@method", "@path", "@query", "content-digest"];
const PARAMETERS: [&str; 5] = ["created", "nonce", "keyid", "alg", "tag"];

/// The parameters of a signature, in the order in which they were sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameters {
	/// Seconds since 1970.
	pub created: u64,
	/// Used once.
	pub nonce: String,
	/// Who signs.
	pub key_id: String,
	/// How it is signed.
	pub algorithm: String,
	/// For whom: no other server accepts the request.
	pub audience: String,
	order: [&'static str; 5],
}

impl Parameters {
	pub fn new(
		created: u64,
		nonce: String,
		key_id: String,
		algorithm: String,
		audience: String,
	) -> Self {
		Self { created, nonce, key_id, algorithm, audience, order: PARAMETERS }
	}

	/// Reads the header `Signature-Input`; `None` unless it holds exactly what this crate signs.
	pub fn parse(header: &str) -> Option<Self> {
		let dictionary: Dictionary = Parser::new(header).parse().ok()?;
		let mut members = dictionary.iter();
		let (Some((label, ListEntry::InnerList(list))), None) = (members.next(), members.next())
		else {
			return None;
		};
		if label.as_str() != LABEL || !covers_exactly(list) || list.params.len() != PARAMETERS.len()
		{
			return None;
		}
		let text = |name: &str| match list.params.get(name)? {
			BareItem::String(text) if is_plain(text.as_str()) => Some(text.as_str().to_owned()),
			_ => None,
		};
		let created = match list.params.get("created")? {
			BareItem::Integer(created) => u64::try_from(i64::from(*created)).ok()?,
			_ => return None,
		};
		let nonce = text("nonce")
			.filter(|nonce| (MIN_NONCE_LENGTH..=MAX_NONCE_LENGTH).contains(&nonce.len()))?;
		let mut order = PARAMETERS;
		for (place, (name, _)) in order.iter_mut().zip(&list.params) {
			*place = PARAMETERS.into_iter().find(|known| *known == name.as_str())?;
		}
		let (key_id, algorithm, audience) = (text("keyid")?, text("alg")?, text("tag")?);
		Some(Self { created, nonce, key_id, algorithm, audience, order })
	}

	/// The member value of the header `Signature-Input`.
	pub fn serialize(&self) -> String {
		let components = COMPONENTS.map(|component| format!("\"{component}\"")).join(" ");
		let parameters = self.order.map(|name| match name {
			"created" => format!(";created={}", self.created),
			"nonce" => format!(";nonce=\"{}\"", self.nonce),
			"keyid" => format!(";keyid=\"{}\"", self.key_id),
			"alg" => format!(";alg=\"{}\"", self.algorithm),
			_ => format!(";tag=\"{}\"", self.audience),
		});
		format!("({components}){}", parameters.concat())
	}

	/// The signature base of a request.
	pub fn base(&self, request: &RequestParts, content_digest: &str) -> String {
		format!(
			"\"@method\": {}\n\"@path\": {}\n\"@query\": ?{}\n\"content-digest\": {}\n\"@signature-params\": {}",
			request.method,
			request.path,
			request.query.unwrap_or_default(),
			content_digest,
			self.serialize(),
		)
	}
}

fn covers_exactly(list: &InnerList) -> bool {
	list.items.len() == COMPONENTS.len()
		&& list.items.iter().zip(COMPONENTS).all(|(item, component)| {
			item.params.is_empty()
				&& matches!(&item.bare_item, BareItem::String(name) if name.as_str() == component)
		})
}

/// Whether a text needs no escapes, so that it is sent and signed in one form only.
fn is_plain(text: &str) -> bool {
	!text.is_empty()
		&& text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte))
}
