//! The service over HTTP, with a detector that finds red rectangles.

use base64::{engine::general_purpose::STANDARD, Engine};
use futures::{future::join_all, stream};
use image::{ImageFormat, Rgb, RgbImage};
use msec_anonymizer::{
	detection::{Class, Detection, DetectionError, Detector, DetectorKind},
	geometry::BoundingBox,
	job::OriginalsKey,
	picture,
	provenance::Recorder,
	removal::Method,
	service::{routes, serve, Credentials, Ganonymizer, Limits, Records, Service, Workers},
	Anonymizer, Settings,
};
use msec_worker_common::{
	health::{install_metrics, Readiness},
	keys::{write_secret, AccountKey},
	provenance::Record,
	signature::{sign_request, BodyDigest, RequestParts, SignedHeaders, AHEAD_SECONDS},
	AccountId32,
};
use reqwest::{
	header::{ACCEPT, ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
	Method as HttpMethod, RequestBuilder, Response, StatusCode,
};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use std::{
	collections::HashSet,
	fs,
	io::Cursor,
	net::SocketAddr,
	process::{ExitStatus, Stdio},
	sync::{Arc, Condvar, Mutex},
	time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{
	io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
	net::{TcpListener, TcpStream},
	process::{Child, ChildStderr, Command},
	task::JoinHandle,
	time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Longest that anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);
const IMAGES: &str = "/v1/images";
const SERVICE: AccountId32 = AccountId32([99; 32]);
const RED: Rgb<u8> = Rgb([255, 0, 0]);
const PLAIN: Rgb<u8> = Rgb([9, 9, 9]);
/// A frame with a pixel of this colour makes the detector fail.
const FAULT: Rgb<u8> = Rgb([1, 2, 3]);
/// A frame with a pixel of this colour makes the detector panic.
const PANIC: Rgb<u8> = Rgb([3, 2, 1]);

/// Where detectors wait while it is shut.
#[derive(Default)]
struct Gate {
	state: Mutex<GateState>,
	changed: Condvar,
}

#[derive(Default)]
struct GateState {
	shut: bool,
	waiting: usize,
}

impl Gate {
	fn set(&self, shut: bool) {
		self.state.lock().unwrap().shut = shut;
		self.changed.notify_all();
	}

	fn pass(&self) {
		let mut state = self.state.lock().unwrap();
		state.waiting += 1;
		self.changed.notify_all();
		let mut state = self.changed.wait_while(state, |state| state.shut).unwrap();
		state.waiting -= 1;
	}

	/// Returns once so many detectors wait.
	async fn until_waiting(self: &Arc<Self>, detectors: usize) {
		let gate = self.clone();
		tokio::task::spawn_blocking(move || {
			let state = gate.state.lock().unwrap();
			let (state, _) = gate
				.changed
				.wait_timeout_while(state, PATIENCE, |state| state.waiting < detectors)
				.unwrap();
			assert!(state.waiting >= detectors, "no {detectors} detectors at work");
		})
		.await
		.unwrap();
	}
}

struct RedDetector(Arc<Gate>);

impl Detector for RedDetector {
	fn kind(&self) -> DetectorKind {
		DetectorKind::Faces
	}

	fn detect(&mut self, frame: &RgbImage) -> Result<Vec<Detection>, DetectionError> {
		self.0.pass();
		assert!(!frame.pixels().any(|pixel| *pixel == PANIC), "a panic that a test wants");
		if frame.pixels().any(|pixel| *pixel == FAULT) {
			return Err(DetectionError::Inference("a fault that a test wants".into()));
		}
		let red: Vec<_> = frame.enumerate_pixels().filter(|(_, _, pixel)| **pixel == RED).collect();
		let Some((x_min, y_min, _)) = red.first() else { return Ok(Vec::new()) };
		let (x_max, y_max, _) = red.last().unwrap();
		let bounding_box = BoundingBox {
			x_min: *x_min as f32,
			y_min: *y_min as f32,
			x_max: (x_max + 1) as f32,
			y_max: (y_max + 1) as f32,
		};
		Ok(vec![Detection { class: Class::Face, score: 0.75, bounding_box }])
	}
}

fn missing_model() -> DetectionError {
	DetectionError::Damaged { path: "/models/face.onnx".into() }
}

/// How a service is set up.
struct Setup {
	threads: usize,
	queue: usize,
	limits: Limits,
	ganonymizer: Ganonymizer,
	records: Option<Arc<Records>>,
}

impl Default for Setup {
	fn default() -> Self {
		let (limits, ganonymizer) = (Limits::default(), Ganonymizer::Off);
		Self { threads: 2, queue: 8, limits, ganonymizer, records: None }
	}
}

/// A running service that allows one account.
struct Fixture {
	address: SocketAddr,
	allowed: AccountKey,
	gate: Arc<Gate>,
	/// Whether an anonymizer can be made.
	broken: Arc<Mutex<bool>>,
	readiness: Readiness,
	stop: CancellationToken,
	server: Option<JoinHandle<()>>,
}

impl Drop for Fixture {
	fn drop(&mut self) {
		self.gate.set(false);
		self.stop.cancel();
	}
}

impl Fixture {
	/// Starts a service, and returns once requests signed from now on are accepted.
	async fn start(setup: Setup) -> Self {
		let allowed = AccountKey::from_seed(&[1; 32]);
		let (gate, broken) = (Arc::<Gate>::default(), Arc::<Mutex<bool>>::default());
		let factory = {
			let (gate, broken) = (gate.clone(), broken.clone());
			move || match *broken.lock().unwrap() {
				true => Err(missing_model()),
				false => {
					let settings = Settings { method: Method::Solid, ..Settings::default() };
					Ok(Anonymizer::new(settings, vec![Box::new(RedDetector(gate.clone()))]))
				},
			}
		};
		let readiness = Readiness::default();
		let workers = Workers::start(
			setup.threads,
			setup.queue,
			setup.limits.image,
			Arc::new(factory),
			setup.records.clone(),
			readiness.clone(),
		)
		.unwrap();
		let accounts = [allowed.account_id()];
		let service =
			Service::new(workers, Some(&SERVICE), &accounts, setup.ganonymizer, setup.limits);
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let address = listener.local_addr().unwrap();
		let stop = CancellationToken::new();
		let serving = serve(listener, routes(Arc::new(service)), setup.limits, stop.clone());
		let server = Some(tokio::spawn(async move { serving.await.unwrap() }));
		requests_are_accepted().await;
		Self { address, allowed, gate, broken, readiness, stop, server }
	}

	fn url(&self, path: &str) -> String {
		format!("http://{}{path}", self.address)
	}

	fn sign(&self, path: &str, body: &[u8]) -> SignedHeaders {
		sign(&self.allowed, path, body)
	}

	/// Sends an image with headers that were made for something else, perhaps.
	async fn send(&self, path: &str, headers: &SignedHeaders, body: &[u8]) -> Answer {
		let request = with_signature(reqwest::Client::new().post(self.url(path)), headers);
		Answer::of(request.body(body.to_vec()).send().await.unwrap()).await
	}

	/// Signs and sends an image.
	async fn post(&self, path: &str, image: &[u8]) -> Answer {
		self.send(path, &self.sign(path, image), image).await
	}

	/// Signs and sends an image with a header `Accept`.
	async fn post_accepting(&self, accept: &str, image: &[u8]) -> Answer {
		let request = reqwest::Client::new().post(self.url(IMAGES)).header(ACCEPT, accept);
		let request = with_signature(request, &self.sign(IMAGES, image));
		Answer::of(request.body(image.to_vec()).send().await.unwrap()).await
	}

	/// Sends JSON as a client of GANonymizer does.
	async fn post_json(&self, body: &Value, user: Option<(&str, &str)>) -> Answer {
		let request = reqwest::Client::new().post(self.url("/image")).json(body);
		let request = match user {
			Some((name, password)) => request.basic_auth(name, Some(password)),
			None => request,
		};
		Answer::of(request.send().await.unwrap()).await
	}

	/// The head of a signed request, written by hand.
	fn head(&self, body: &[u8]) -> String {
		let signed = self.sign(IMAGES, body);
		let headers = signed.iter().map(|(name, value)| format!("{name}: {value}\r\n")).concat();
		let length = body.len();
		format!(
			"POST {IMAGES} HTTP/1.1\r\nhost: {}\r\ncontent-length: {length}\r\n{headers}\r\n",
			self.address
		)
	}

	/// Returns once the service says this about itself.
	async fn until_readiness(&self, expected: Result<(), String>) {
		let reached = timeout(PATIENCE, async {
			while self.readiness.get() != expected {
				tokio::time::sleep(Duration::from_millis(20)).await;
			}
		});
		reached.await.expect("the readiness changes");
	}

	/// Returns once the service has ended.
	async fn ended(mut self) {
		let server = self.server.take().unwrap();
		timeout(PATIENCE, server).await.expect("the service ends").unwrap();
	}
}

struct Answer {
	status: StatusCode,
	headers: reqwest::header::HeaderMap,
	body: Vec<u8>,
}

impl Answer {
	async fn of(response: Response) -> Self {
		let (status, headers) = (response.status(), response.headers().clone());
		Self { status, headers, body: response.bytes().await.unwrap().to_vec() }
	}

	fn header(&self, name: impl reqwest::header::AsHeaderName) -> &str {
		self.headers[name].to_str().unwrap()
	}

	fn json(&self) -> Value {
		serde_json::from_slice(&self.body).unwrap()
	}

	/// The code of a problem document that shows nothing of what was sent.
	fn refusal(&self, sent: &[u8]) -> (u16, String) {
		assert_eq!(self.header(CONTENT_TYPE), "application/problem+json");
		assert!(!self.headers.contains_key("anonymization-report"));
		let problem = self.json();
		assert_eq!(problem["status"], self.status.as_u16());
		assert!(self.body.len() < 1000);
		for window in sent.windows(12) {
			assert!(!self.body.windows(12).any(|own| own == window), "part of the original");
		}
		(self.status.as_u16(), problem["code"].as_str().unwrap().to_owned())
	}
}

fn sign(key: &AccountKey, path: &str, body: &[u8]) -> SignedHeaders {
	let (path, query) = match path.split_once('?') {
		Some((path, query)) => (path, Some(query)),
		None => (path, None),
	};
	sign_request(
		key,
		&SERVICE.to_string(),
		&RequestParts { method: "POST", path, query },
		&BodyDigest::of(body),
	)
}

fn with_signature(request: RequestBuilder, headers: &SignedHeaders) -> RequestBuilder {
	headers.iter().into_iter().fold(request, |request, (name, value)| request.header(name, value))
}

/// Returns once requests that are signed now were not signed before the service knew its nonces.
async fn requests_are_accepted() {
	let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
	let refused_until = now() + AHEAD_SECONDS;
	let mut clock = tokio::time::interval(Duration::from_millis(50));
	while now() <= refused_until {
		clock.tick().await;
	}
}

/// A picture with a red rectangle and, in a corner, one pixel of `mark`.
fn picture(mark: Rgb<u8>, format: ImageFormat) -> Vec<u8> {
	let mut picture = RgbImage::from_fn(64, 48, |x, y| match (x, y) {
		(20..30, 10..25) => RED,
		_ => Rgb([(x * 3) as u8, (y * 5) as u8, (x * y % 200) as u8]),
	});
	picture.put_pixel(63, 47, mark);
	let mut encoded = Cursor::new(Vec::new());
	picture.write_to(&mut encoded, format).unwrap();
	encoded.into_inner()
}

fn plain_picture() -> Vec<u8> {
	picture(PLAIN, ImageFormat::Png)
}

fn decode_base64(text: &Value) -> Vec<u8> {
	STANDARD.decode(text.as_str().unwrap()).unwrap()
}

fn red_pixels(image: &[u8]) -> usize {
	let reddish = |pixel: &Rgb<u8>| pixel[0] > 200 && pixel[1] < 60 && pixel[2] < 60;
	image::load_from_memory(image).unwrap().into_rgb8().pixels().filter(|p| reddish(p)).count()
}

#[tokio::test]
async fn an_image_comes_back_without_what_must_not_be_seen() {
	let fixture = Fixture::start(Setup::default()).await;
	for format in [ImageFormat::Png, ImageFormat::WebP] {
		let sent = picture(PLAIN, format);
		assert_eq!(red_pixels(&sent), 150);
		let answer = fixture.post(&format!("{IMAGES}?format=png"), &sent).await;
		assert_eq!(answer.status, StatusCode::OK, "{format:?}");
		assert_eq!(answer.header(CONTENT_TYPE), "image/png");
		assert_eq!(answer.header("anonymization-report"), "face=1, nearly=0");
		assert_eq!(red_pixels(&answer.body), 0);
	}
}

#[tokio::test]
async fn the_client_chooses_the_form_of_the_answer() {
	let fixture = Fixture::start(Setup::default()).await;
	let sent = plain_picture();
	for (accept, media_type, format) in [
		("*/*", "image/jpeg", ImageFormat::Jpeg),
		("image/png", "image/png", ImageFormat::Png),
		("image/webp, image/png;q=0.5", "image/webp", ImageFormat::WebP),
	] {
		let answer = fixture.post_accepting(accept, &sent).await;
		assert_eq!(answer.header(CONTENT_TYPE), media_type);
		assert_eq!(image::guess_format(&answer.body).unwrap(), format);
		assert_eq!(red_pixels(&answer.body), 0);
	}
	let answer = fixture.post_accepting("application/json", &sent).await;
	let document = answer.json();
	assert_eq!(document["media-type"], "image/jpeg");
	assert_eq!((&document["width"], &document["height"]), (&json!(64), &json!(48)));
	let hidden = json!([{
		"class": "face",
		"score": 0.75,
		"bounding-box": { "x-min": 20.0, "y-min": 10.0, "x-max": 30.0, "y-max": 25.0 },
	}]);
	assert_eq!(document["hidden"], hidden);
	assert_eq!(document["nearly"], json!([]));
	assert_eq!(red_pixels(&decode_base64(&document["image"])), 0);

	let answer = fixture.post_accepting("text/html", &sent).await;
	assert_eq!(answer.refusal(&sent), (406, "not-acceptable".into()));
	let answer = fixture.post(&format!("{IMAGES}?format=gif"), &sent).await;
	assert_eq!(answer.refusal(&sent), (422, "invalid-query".into()));
	let answer = fixture.post(&format!("{IMAGES}?fromat=png"), &sent).await;
	assert_eq!(answer.refusal(&sent), (422, "invalid-query".into()));
}

#[tokio::test]
async fn only_fresh_requests_of_allowed_accounts_are_carried_out() {
	let fixture = Fixture::start(Setup::default()).await;
	let sent = plain_picture();

	let unsigned = reqwest::Client::new().post(fixture.url(IMAGES)).body(sent.clone());
	let answer = Answer::of(unsigned.send().await.unwrap()).await;
	assert_eq!(answer.refusal(&sent), (401, "signature-missing".into()));

	let stranger = AccountKey::from_seed(&[2; 32]);
	let answer = fixture.send(IMAGES, &sign(&stranger, IMAGES, &sent), &sent).await;
	assert_eq!(answer.refusal(&sent), (403, "forbidden".into()));

	let headers = fixture.sign(IMAGES, &sent);
	assert_eq!(fixture.send(IMAGES, &headers, &sent).await.status, StatusCode::OK);
	let answer = fixture.send(IMAGES, &headers, &sent).await;
	assert_eq!(answer.refusal(&sent), (401, "replayed".into()));

	let mut stale = fixture.sign(IMAGES, &sent);
	let (before, rest) = stale.signature_input.split_once("created=").unwrap();
	let (_, after) = rest.split_once(';').unwrap();
	stale.signature_input = format!("{before}created=1700000000;{after}");
	let answer = fixture.send(IMAGES, &stale, &sent).await;
	assert_eq!(answer.refusal(&sent), (401, "outside-window".into()));

	let headers = fixture.sign(IMAGES, b"another image");
	let answer = fixture.send(IMAGES, &headers, &sent).await;
	assert_eq!(answer.refusal(&sent), (422, "digest-mismatch".into()));

	let headers = fixture.sign(&format!("{IMAGES}?format=png"), &sent);
	let answer = fixture.send(IMAGES, &headers, &sent).await;
	assert_eq!(answer.refusal(&sent), (401, "signature-mismatch".into()));
}

#[tokio::test]
async fn what_was_signed_before_the_start_is_refused() {
	let before = sign(&AccountKey::from_seed(&[1; 32]), IMAGES, &plain_picture());
	let fixture = Fixture::start(Setup::default()).await;
	let answer = fixture.send(IMAGES, &before, &plain_picture()).await;
	assert_eq!(answer.refusal(&plain_picture()), (401, "before-start".into()));
	assert_eq!(answer.header(RETRY_AFTER), "6");
}

#[tokio::test]
async fn what_is_no_image_is_refused() {
	let fixture = Fixture::start(Setup::default()).await;
	let text = b"GIF is not what this text is, and it is long enough to be looked for".to_vec();
	let answer = fixture.post(IMAGES, &text).await;
	assert_eq!(answer.refusal(&text), (415, "unsupported-media-type".into()));
	assert_eq!(
		fixture.post(IMAGES, b"").await.refusal(b""),
		(415, "unsupported-media-type".into())
	);

	let whole = plain_picture();
	for length in [20, whole.len() / 2, whole.len() - 20] {
		let cut = &whole[..length];
		let answer = fixture.post(IMAGES, cut).await;
		assert_eq!(answer.refusal(cut), (422, "invalid-image".into()), "{length}");
	}
}

#[tokio::test]
async fn an_oversized_body_is_refused_whether_declared_or_not() {
	let image = picture::Limits { max_bytes: 1000, ..picture::Limits::default() };
	let limits = Limits { image, ..Limits::default() };
	let fixture = Fixture::start(Setup { limits, ..Setup::default() }).await;
	// Large enough that the server cannot have taken it all when it refuses.
	let sent = vec![7; 8 * 1024 * 1024];
	let answer = fixture.post(IMAGES, &sent).await;
	assert_eq!(answer.refusal(b""), (413, "too-large".into()));

	let parts = sent.chunks(4096).map(|part| Ok::<_, std::io::Error>(part.to_vec()));
	let body = reqwest::Body::wrap_stream(stream::iter(parts.collect::<Vec<_>>()));
	let request = reqwest::Client::new().post(fixture.url(IMAGES));
	let request = with_signature(request, &fixture.sign(IMAGES, &sent));
	let answer = Answer::of(request.body(body).send().await.unwrap()).await;
	assert_eq!(answer.refusal(b""), (413, "too-large".into()));
}

#[tokio::test]
async fn an_image_of_too_many_pixels_is_refused() {
	let image = picture::Limits { max_pixels: 64 * 48 - 1, ..picture::Limits::default() };
	let limits = Limits { image, ..Limits::default() };
	let fixture = Fixture::start(Setup { limits, ..Setup::default() }).await;
	let answer = fixture.post(IMAGES, &plain_picture()).await;
	assert_eq!(answer.refusal(&plain_picture()), (422, "too-many-pixels".into()));
}

#[tokio::test]
async fn metadata_does_not_come_back() {
	let fixture = Fixture::start(Setup::default()).await;
	let picture = picture(PLAIN, ImageFormat::Jpeg);
	let place = b"Exif\0\0 N 43.4623 W 3.8099";
	let segment = [&[0xff, 0xe1, 0, place.len() as u8 + 2], &place[..]].concat();
	let sent = [&picture[..2], &segment, &picture[2..]].concat();
	let answer = fixture.post(IMAGES, &sent).await;
	assert_eq!((answer.status, answer.header(CONTENT_TYPE)), (StatusCode::OK, "image/jpeg"));
	assert!(!answer.body.windows(4).any(|window| window == b"Exif"));
	assert!(!answer.body.windows(7).any(|window| window == b"43.4623"));
}

#[tokio::test]
async fn an_image_in_which_nothing_can_be_looked_for_does_not_come_back() {
	let fixture = Fixture::start(Setup { threads: 1, ..Setup::default() }).await;
	let faulty = picture(FAULT, ImageFormat::Png);
	let answer = fixture.post(IMAGES, &faulty).await;
	assert_eq!(answer.refusal(&faulty), (500, "failed".into()));
	assert_eq!(fixture.post(IMAGES, &plain_picture()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_thread_that_panics_gets_a_new_anonymizer() {
	let fixture = Fixture::start(Setup { threads: 1, ..Setup::default() }).await;
	assert_eq!(fixture.readiness.get(), Ok(()));
	let sent = picture(PANIC, ImageFormat::Png);
	let answer = fixture.post(IMAGES, &sent).await;
	assert_eq!(answer.refusal(&sent), (500, "failed".into()));
	assert_eq!(fixture.post(IMAGES, &plain_picture()).await.status, StatusCode::OK);

	*fixture.broken.lock().unwrap() = true;
	let answer = fixture.post(IMAGES, &sent).await;
	assert_eq!(answer.refusal(&sent), (500, "failed".into()));
	fixture.until_readiness(Err(missing_model().to_string())).await;
	*fixture.broken.lock().unwrap() = false;
	fixture.until_readiness(Ok(())).await;
	assert_eq!(fixture.post(IMAGES, &plain_picture()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_given_out_is_recorded_before() {
	let home = tempfile::tempdir().unwrap();
	let (key, folder) = (home.path().join("originals.key"), home.path().join("records"));
	write_secret(&key, "07".repeat(32).as_bytes()).unwrap();
	let originals = OriginalsKey::open(&key).unwrap();
	let sent = plain_picture();
	let original_hmac = originals.hash(&sent);
	let device = AccountKey::from_seed(&[4; 32]);
	let recorder = Recorder::open(&folder, device.clone()).unwrap();
	let records = Arc::new(Records::new(originals, recorder, &Settings::default()));
	let setup = Setup { records: Some(records), ..Setup::default() };
	let fixture = Fixture::start(setup).await;
	let answer = fixture.post(IMAGES, &sent).await;
	assert_eq!(answer.status, StatusCode::OK);

	let file = fs::read_dir(&folder)
		.unwrap()
		.map(|entry| entry.unwrap().path())
		.find(|path| path.to_string_lossy().ends_with(".jsonl.part"))
		.expect("the record is on the disk");
	let record: Record = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
	assert!(record.is_genuine() && record.device == device.account_id());
	assert_eq!(record.statement.original_hmac, original_hmac);
	assert_eq!(record.statement.output_sha256, <[u8; 32]>::from(Sha256::digest(&answer.body)));
	assert_eq!(record.statement.method, "mosaic");
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_given_out() {
	let home = tempfile::tempdir().unwrap();
	let (key, folder) = (home.path().join("originals.key"), home.path().join("records"));
	write_secret(&key, "07".repeat(32).as_bytes()).unwrap();
	let originals = OriginalsKey::open(&key).unwrap();
	let recorder = Recorder::open(&folder, AccountKey::from_seed(&[4; 32])).unwrap();
	fs::remove_dir_all(&folder).unwrap();
	let records = Arc::new(Records::new(originals, recorder, &Settings::default()));
	let fixture = Fixture::start(Setup { records: Some(records), ..Setup::default() }).await;
	let sent = plain_picture();
	assert_eq!(fixture.post(IMAGES, &sent).await.refusal(&sent), (500, "failed".into()));
}

#[tokio::test]
async fn without_a_model_nothing_starts() {
	let factory = || Err(missing_model());
	let readiness = Readiness::default();
	let limits = picture::Limits::default();
	let outcome = Workers::start(1, 1, limits, Arc::new(factory), None, readiness.clone());
	assert_eq!(outcome.err().unwrap().to_string(), missing_model().to_string());
	assert!(readiness.get().is_err());
}

#[tokio::test]
async fn a_missed_deadline_yields_no_image() {
	let limits = Limits { deadline: Duration::from_millis(500), ..Limits::default() };
	let setup = Setup { threads: 1, queue: 0, limits, ..Setup::default() };
	let fixture = Fixture::start(setup).await;
	let sent = plain_picture();
	fixture.gate.set(true);
	let answer = fixture.post(IMAGES, &sent).await;
	assert_eq!(answer.refusal(&sent), (504, "deadline-missed".into()));
	assert!(answer.headers.contains_key(RETRY_AFTER));
	// The thread is still busy with what nobody waits for, and so is its place.
	assert_eq!(fixture.post(IMAGES, &sent).await.refusal(&sent), (503, "busy".into()));
	fixture.gate.set(false);
	let answered = timeout(PATIENCE, async {
		while fixture.post(IMAGES, &sent).await.status != StatusCode::OK {}
	});
	answered.await.expect("the place is free again");
}

#[tokio::test]
async fn more_requests_than_places_are_refused_and_the_others_answered() {
	let fixture = Fixture::start(Setup { threads: 1, queue: 2, ..Setup::default() }).await;
	let sent = plain_picture();
	fixture.gate.set(true);
	let (waiting, refused) =
		tokio::join!(join_all((0..3).map(|_| fixture.post(IMAGES, &sent))), async {
			let answer = timeout(PATIENCE, async {
				loop {
					let body = &b"no image, so that it takes a place for a moment only"[..];
					let headers = fixture.sign(IMAGES, b"");
					let answer = fixture.send(IMAGES, &headers, body).await;
					if answer.status == StatusCode::SERVICE_UNAVAILABLE {
						break answer;
					}
				}
			});
			let answer = answer.await.expect("all places are taken");
			fixture.gate.until_waiting(1).await;
			fixture.gate.set(false);
			answer
		},);
	assert_eq!(refused.refusal(&sent), (503, "busy".into()));
	assert_eq!(refused.header(RETRY_AFTER), "1");
	for answer in waiting {
		assert_eq!(answer.status, StatusCode::OK);
		assert_eq!(red_pixels(&answer.body), 0);
	}
}

#[tokio::test]
async fn threads_work_at_the_same_time() {
	let fixture = Fixture::start(Setup { threads: 2, ..Setup::default() }).await;
	let sent = plain_picture();
	fixture.gate.set(true);
	let (answers, ()) =
		tokio::join!(join_all((0..4).map(|_| fixture.post(IMAGES, &sent))), async {
			fixture.gate.until_waiting(2).await;
			fixture.gate.set(false);
		},);
	assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
}

#[tokio::test]
async fn slow_clients_are_cut_off() {
	let limits = Limits { patience: Duration::from_millis(300), ..Limits::default() };
	let fixture = Fixture::start(Setup { limits, ..Setup::default() }).await;
	let sent = plain_picture();

	let mut stream = TcpStream::connect(fixture.address).await.unwrap();
	stream.write_all(fixture.head(&sent).as_bytes()).await.unwrap();
	stream.write_all(&sent[..100]).await.unwrap();
	let answer = read_to_end(&mut stream).await;
	assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
	assert!(answer.contains("timed-out"), "{answer}");

	let mut stream = TcpStream::connect(fixture.address).await.unwrap();
	stream.write_all(b"POST /v1/images HTTP/1.1\r\nhost: a").await.unwrap();
	let answer = read_to_end(&mut stream).await;
	assert!(!answer.contains(" 200 "), "{answer}");
}

#[tokio::test]
async fn a_body_that_trickles_in_misses_the_deadline() {
	let limits = Limits { deadline: Duration::from_millis(500), ..Limits::default() };
	let fixture = Fixture::start(Setup { limits, ..Setup::default() }).await;
	let sent = plain_picture();
	let mut stream = TcpStream::connect(fixture.address).await.unwrap();
	stream.write_all(fixture.head(&sent).as_bytes()).await.unwrap();
	let (mut reader, mut writer) = stream.split();
	let trickling = async {
		for byte in sent.iter().cycle() {
			// It fails once the server has cut the connection.
			if writer.write_all(&[*byte]).await.is_err() {
				break;
			}
			tokio::time::sleep(Duration::from_millis(20)).await;
		}
	};
	let mut answer = Vec::new();
	let reading = timeout(PATIENCE, reader.read_to_end(&mut answer));
	tokio::select! {
		() = trickling => {},
		outcome = reading => drop(outcome.expect("the server answers").unwrap()),
	}
	let answer = String::from_utf8(answer).unwrap();
	assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn a_client_that_goes_away_frees_its_place() {
	let setup = Setup { threads: 1, queue: 0, ..Setup::default() };
	let fixture = Fixture::start(setup).await;
	let sent = plain_picture();
	let mut stream = TcpStream::connect(fixture.address).await.unwrap();
	stream.write_all(fixture.head(&sent).as_bytes()).await.unwrap();
	stream.write_all(&sent[..100]).await.unwrap();
	drop(stream);
	let answered = timeout(PATIENCE, async {
		while fixture.post(IMAGES, &sent).await.status != StatusCode::OK {}
	});
	answered.await.expect("the place is free again");
}

#[tokio::test]
async fn clients_of_ganonymizer_need_no_change() {
	let ganonymizer = Ganonymizer::Open;
	let fixture = Fixture::start(Setup { ganonymizer, ..Setup::default() }).await;
	let request = json!({ "image": STANDARD.encode(plain_picture()) });
	let answer = fixture.post_json(&request, None).await;
	assert_eq!(answer.status, StatusCode::OK);
	assert_eq!(answer.header(CONTENT_TYPE), "application/json");
	let document = answer.json();
	assert_eq!(document.as_object().unwrap().keys().collect::<Vec<_>>(), ["image"]);
	let image = decode_base64(&document["image"]);
	assert_eq!(image::guess_format(&image).unwrap(), ImageFormat::Jpeg);
	assert_eq!(red_pixels(&image), 0);
	// Many send a user name, whether it is needed or not.
	assert_eq!(fixture.post_json(&request, Some(("a", "b"))).await.status, StatusCode::OK);
	// The other route is not opened by this.
	let unsigned = reqwest::Client::new().post(fixture.url(IMAGES)).body(plain_picture());
	assert_eq!(unsigned.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_clients_of_ganonymizer_send_wrong_is_refused() {
	let image = picture::Limits { max_bytes: 20_000, ..picture::Limits::default() };
	let limits = Limits { image, ..Limits::default() };
	let setup = Setup { limits, ganonymizer: Ganonymizer::Open, ..Setup::default() };
	let fixture = Fixture::start(setup).await;
	let faulty = picture(FAULT, ImageFormat::Png);
	let encoded = |bytes: &[u8]| json!({ "image": STANDARD.encode(bytes) });
	for (request, status, code) in [
		(json!({}), 422, "invalid-json"),
		(json!({ "image": 7 }), 422, "invalid-json"),
		(json!({ "image": "no base64!" }), 422, "invalid-base64"),
		(encoded(b"no image"), 415, "unsupported-media-type"),
		(encoded(&plain_picture()[..200]), 422, "invalid-image"),
		(encoded(&[0; 20_001]), 413, "too-large"),
		(encoded(&[0; 60_000]), 413, "too-large"),
		(encoded(&faulty), 500, "failed"),
	] {
		let sent = request["image"].as_str().unwrap_or_default().as_bytes();
		let answer = fixture.post_json(&request, None).await;
		assert_eq!(answer.refusal(sent), (status, code.to_owned()));
	}
	let plain = reqwest::Client::new().post(fixture.url("/image")).body("{}").send().await.unwrap();
	assert_eq!(plain.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn ganonymizers_route_is_shut_unless_it_is_asked_for_and_can_have_a_password() {
	let request = json!({ "image": STANDARD.encode(plain_picture()) });
	let sent = request["image"].as_str().unwrap().as_bytes();
	let shut = Fixture::start(Setup::default()).await;
	let answer = shut.post_json(&request, None).await;
	assert_eq!(answer.refusal(sent), (404, "not-found".into()));

	let ganonymizer = Ganonymizer::Guarded(Credentials::parse(b"city:blue").unwrap());
	let guarded = Fixture::start(Setup { ganonymizer, ..Setup::default() }).await;
	for user in [None, Some(("city", "red")), Some(("town", "blue"))] {
		let answer = guarded.post_json(&request, user).await;
		assert_eq!(answer.refusal(sent), (401, "unauthorized".into()));
		assert!(answer.header(WWW_AUTHENTICATE).starts_with("Basic "));
	}
	let answer = guarded.post_json(&request, Some(("city", "blue"))).await;
	assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn the_description_is_that_of_the_routes() {
	for (ganonymizer, expected) in
		[(Ganonymizer::Off, vec!["/v1/images"]), (Ganonymizer::Open, vec!["/image", "/v1/images"])]
	{
		let fixture = Fixture::start(Setup { ganonymizer, ..Setup::default() }).await;
		let response = reqwest::get(fixture.url("/openapi.json")).await.unwrap();
		let description = Answer::of(response).await.json();
		let paths = description["paths"].as_object().unwrap();
		let operations: HashSet<_> =
			paths.values().map(|item| item["post"]["operationId"].as_str().unwrap()).collect();
		assert_eq!(operations.len(), paths.len());
		assert_eq!(paths.keys().collect::<Vec<_>>(), expected);
		for (path, item) in paths {
			for method in ["get", "post", "put", "delete", "patch"] {
				let name = HttpMethod::from_bytes(method.to_uppercase().as_bytes()).unwrap();
				let request = reqwest::Client::new().request(name, fixture.url(path));
				let answer = Answer::of(request.send().await.unwrap()).await;
				let (status, _) = answer.refusal(b"");
				let described = item.get(method);
				assert_eq!(status != 405, described.is_some(), "{method} {path}");
				if status == 405 {
					assert_eq!(answer.header(ALLOW), "POST");
				} else {
					let responses = described.unwrap()["responses"].as_object().unwrap();
					assert!(responses.contains_key(&status.to_string()), "{status} {path}");
				}
			}
		}
		let schemas = description["components"]["schemas"].as_object().unwrap();
		let text = description.to_string();
		for reference in text.split("#/components/schemas/").skip(1) {
			let name = reference.split('"').next().unwrap();
			assert!(schemas.contains_key(name), "{name}");
		}
	}
}

#[tokio::test]
async fn what_happens_is_counted() {
	let metrics = install_metrics().unwrap();
	let value = |name: &str| -> f64 {
		let text = metrics.render();
		let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
		line.map_or(0.0, |value| value.parse().unwrap())
	};
	let names = [
		"msec_anonymizer_images_total",
		"msec_anonymizer_hidden_total{class=\"face\"}",
		"msec_anonymizer_refusals_total{code=\"failed\"}",
		"msec_anonymizer_processing_seconds_count",
	];
	let before = names.map(value);
	let fixture = Fixture::start(Setup::default()).await;
	for _ in 0..3 {
		fixture.post(IMAGES, &plain_picture()).await;
	}
	fixture.post(IMAGES, &picture(FAULT, ImageFormat::Png)).await;
	for ((name, before), least) in names.iter().zip(before).zip([3.0, 3.0, 1.0, 4.0]) {
		// Other tests in this process are counted too.
		assert!(value(name) >= before + least, "{name}: {before} to {}", value(name));
	}
}

#[tokio::test]
async fn a_stop_lets_running_requests_end_and_takes_no_more() {
	let fixture = Fixture::start(Setup::default()).await;
	let idle = TcpStream::connect(fixture.address).await.unwrap();
	let sent = plain_picture();
	fixture.gate.set(true);
	let (answer, ()) = tokio::join!(fixture.post(IMAGES, &sent), async {
		fixture.gate.until_waiting(1).await;
		fixture.stop.cancel();
		let refused = timeout(PATIENCE, async {
			while TcpStream::connect(fixture.address).await.is_ok() {
				tokio::task::yield_now().await;
			}
		});
		refused.await.expect("nothing is accepted any more");
		fixture.gate.set(false);
	});
	assert_eq!(answer.status, StatusCode::OK);
	assert_eq!(red_pixels(&answer.body), 0);
	fixture.ended().await;
	drop(idle);
}

async fn read_to_end(stream: &mut TcpStream) -> String {
	let mut answer = Vec::new();
	timeout(PATIENCE, stream.read_to_end(&mut answer))
		.await
		.expect("the server ends the connection")
		.unwrap();
	String::from_utf8(answer).unwrap()
}

/// The built command, serving one account with the real models, at home in a folder of its own.
struct Built {
	process: Child,
	/// Kept open, for a process without it would end at its next message.
	_log: Lines<BufReader<ChildStderr>>,
	address: SocketAddr,
	home: tempfile::TempDir,
}

impl Built {
	async fn start(allowed: &AccountKey) -> Self {
		let home = tempfile::tempdir().unwrap();
		let mut process = Command::new(env!("CARGO_BIN_EXE_msec-anonymize"))
			.args(["serve", "--threads", "1", "--hide", "face", "--method", "solid"])
			.args(["--listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0"])
			.args(["--account", &SERVICE.to_string(), "--allow", &allowed.address()])
			.env("HOME", home.path())
			.env("MSEC_MODELS", Settings::default().models)
			.env("NO_COLOR", "1")
			.env_remove("XDG_CACHE_HOME")
			.env_remove("ORT_DISABLE_TELEMETRY")
			.env_remove("RUST_LOG")
			.stderr(Stdio::piped())
			.kill_on_drop(true)
			.spawn()
			.unwrap();
		let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
		let address = async {
			let mut seen = Vec::new();
			while let Some(line) = log.next_line().await.unwrap() {
				if let Some((_, address)) = line.split_once("serving address=") {
					return address.split(' ').next().unwrap().parse().unwrap();
				}
				seen.push(line);
			}
			panic!("it does not serve: {seen:?}");
		};
		let address = timeout(PATIENCE, address).await.expect("it serves");
		Self { process, _log: log, address, home }
	}

	async fn stop(&mut self) -> ExitStatus {
		let process = self.process.id().unwrap().to_string();
		Command::new("kill").args(["-TERM", &process]).status().await.unwrap();
		timeout(PATIENCE, self.process.wait()).await.expect("it stops").unwrap()
	}
}

#[tokio::test]
async fn the_built_command_serves_and_leaves_no_trace() {
	let allowed = AccountKey::from_seed(&[1; 32]);
	let mut built = Built::start(&allowed).await;
	requests_are_accepted().await;
	let sent = plain_picture();
	let request = reqwest::Client::new().post(format!("http://{}{IMAGES}", built.address));
	let request = with_signature(request, &sign(&allowed, IMAGES, &sent)).body(sent);
	let answer = Answer::of(request.send().await.unwrap()).await;
	assert_eq!((answer.status, answer.header(CONTENT_TYPE)), (StatusCode::OK, "image/jpeg"));
	let image = image::load_from_memory(&answer.body).unwrap();
	assert_eq!((image.width(), image.height()), (64, 48));
	assert!(built.stop().await.success());
	// Neither images nor what the runtime of the models would report to its maker.
	assert_eq!(fs::read_dir(built.home.path()).unwrap().count(), 0);
}
