//! ONNX Runtime and the files it works with. Each file is hashed before it is used.

use super::{
	network::Network,
	preprocessing::{Extent, InputForm},
	DetectionError,
};
use crate::settings::{ModelSettings, Settings};
use ort::{
	environment::Environment,
	session::{builder::GraphOptimizationLevel, Session, SessionOutputs},
	value::TensorRef,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
	fs,
	path::{Path, PathBuf},
	sync::{Mutex, PoisonError},
};

/// The library in the models folder.
const LIBRARY: &str = "libonnxruntime.so";

/// The files that `models/prepare.sh` makes, in the form of `sha256sum`; a name may have one line for
/// each architecture.
const EXPECTED: &str = include_str!("../../models/SHA256SUMS");

/// A process loads one library, once.
static LOADED: Mutex<Option<Library>> = Mutex::new(None);

/// A file that decides about results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ModelIdentity {
	/// Its name without the folder.
	pub name: String,
	/// SHA-256 of its bytes, in hexadecimal digits.
	pub sha256: String,
}

/// The loaded ONNX Runtime.
#[derive(Clone)]
struct Library {
	path: PathBuf,
	environment: Environment,
	identity: ModelIdentity,
}

/// ONNX Runtime, ready to load models from one folder.
pub struct Runtime {
	environment: Environment,
	folder: PathBuf,
	threads: usize,
	identities: Vec<ModelIdentity>,
}

impl Runtime {
	/// Loads the library, unless the process has it already.
	pub fn load(settings: &Settings) -> Result<Self, DetectionError> {
		let library = Library::get(settings.models.join(LIBRARY))?;
		Ok(Self {
			environment: library.environment,
			folder: settings.models.clone(),
			threads: settings.detection.threads,
			identities: vec![library.identity],
		})
	}

	/// Loads a model that takes frames in the given form.
	pub fn network(
		&mut self,
		settings: &ModelSettings,
		form: InputForm,
	) -> Result<Network, DetectionError> {
		let path = self.folder.join(&settings.file);
		let (bytes, identity) = read(&path)?;
		let session = self.session(&bytes).map_err(|error| DetectionError::Unusable {
			path: path.clone(),
			reason: error.to_string(),
		})?;
		self.identities.push(identity);
		Ok(Network::new(Model { path, session }, settings, form))
	}

	/// All files that were loaded.
	pub fn into_identities(self) -> Vec<ModelIdentity> {
		self.identities
	}

	fn session(&self, bytes: &[u8]) -> ort::Result<Session> {
		Session::builder(&self.environment)?
			.with_optimization_level(GraphOptimizationLevel::All)?
			.with_intra_threads(self.threads)?
			// Planned as one piece, the memory of a run is larger by a quarter, and no faster.
			.with_memory_pattern(false)?
			.commit_from_memory(bytes)
	}
}

impl Library {
	fn get(path: PathBuf) -> Result<Self, DetectionError> {
		let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
		let Some(library) = loaded.as_ref() else {
			return Ok(loaded.insert(Self::load(path)?).clone());
		};
		if library.path != path && library.identity != read(&path)?.1 {
			let reason = format!("{} is loaded already", library.path.display());
			return Err(DetectionError::Unusable { path, reason });
		}
		Ok(library.clone())
	}

	fn load(path: PathBuf) -> Result<Self, DetectionError> {
		let (_, identity) = read(&path)?;
		let unusable = |reason: String| DetectionError::Unusable { path: path.clone(), reason };
		let environment = ort::init_from(&path)
			.map_err(|error| unusable(error.to_string()))?
			.with_name("msec-anonymizer")
			.with_telemetry(false)
			.build()
			.map_err(|error| unusable(error.to_string()))?;
		Ok(Self { path, environment, identity })
	}
}

/// Reads a file whole. One with the name of a prepared file must also have its content.
fn read(path: &Path) -> Result<(Vec<u8>, ModelIdentity), DetectionError> {
	let bytes = fs::read(path)
		.map_err(|source| DetectionError::Unreadable { path: path.to_owned(), source })?;
	let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
	let sha256 = hex::encode(Sha256::digest(&bytes));
	let mut expected = EXPECTED
		.lines()
		.filter_map(|line| line.split_once("  "))
		.filter(|(_, expected_name)| *expected_name == name)
		.peekable();
	if expected.peek().is_some() && !expected.any(|(expected, _)| expected == sha256) {
		return Err(DetectionError::Damaged { path: path.to_owned() });
	}
	Ok((bytes, ModelIdentity { name, sha256 }))
}

/// A loaded model with one input.
pub struct Model {
	path: PathBuf,
	session: Session,
}

impl Model {
	/// Checks that there are at least `count` outputs: the first ones are what `meaning` says.
	pub fn needs_outputs(&self, count: usize, meaning: &str) -> Result<(), DetectionError> {
		let outputs = self.session.outputs().len();
		if self.session.inputs().len() == 1 && outputs >= count {
			return Ok(());
		}
		Err(DetectionError::Unusable {
			path: self.path.clone(),
			reason: format!("a model with one input and the outputs {meaning} is needed"),
		})
	}

	/// Runs the model on `values` of shape 1 × 3 × height × width.
	pub fn run(&mut self, values: &[f32], extent: Extent) -> Result<Outputs<'_>, DetectionError> {
		let failed = |error: ort::Error| DetectionError::Inference(error.to_string());
		let shape = [1, 3, extent.height, extent.width];
		let input = TensorRef::from_array_view((shape, values)).map_err(failed)?;
		self.session.run(ort::inputs![input]).map(Outputs).map_err(failed)
	}
}

/// What a model says about one input.
pub struct Outputs<'a>(SessionOutputs<'a>);

/// One output.
#[derive(Clone, Debug)]
pub struct Tensor<'a> {
	/// Length of each dimension; their product is the number of values.
	pub shape: Vec<usize>,
	/// The values, the last dimension varying fastest.
	pub values: &'a [f32],
}

impl Outputs<'_> {
	/// How many there are.
	pub fn len(&self) -> usize {
		self.0.len()
	}

	/// Whether there is none.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}

	/// The output at this position.
	pub fn tensor(&self, position: usize) -> Result<Tensor<'_>, DetectionError> {
		let (shape, values) = self.0[position]
			.try_extract_tensor::<f32>()
			.map_err(|error| DetectionError::Inference(error.to_string()))?;
		let shape = shape.iter().map(|length| usize::try_from(*length).unwrap_or(0)).collect();
		Ok(Tensor { shape, values })
	}
}

impl<'a> Tensor<'a> {
	/// The values, if the shape is `expected`; 0 stands for any length.
	pub fn expect_shape(&self, expected: &[usize]) -> Result<&'a [f32], DetectionError> {
		let fits = self.shape.len() == expected.len()
			&& self
				.shape
				.iter()
				.zip(expected)
				.all(|(length, wanted)| *wanted == 0 || length == wanted)
			&& self.shape.iter().product::<usize>() == self.values.len();
		fits.then_some(self.values).ok_or_else(|| {
			DetectionError::Inference(format!(
				"an output has shape {:?} instead of {expected:?}",
				self.shape
			))
		})
	}
}
