//! With the real ffmpeg on the loopback interface.

use super::*;
use crate::video::tests::{pictures, settings, shows_red, Folder, RedDetector};
use std::{
	io::{BufRead, BufReader, Write},
	net::{TcpListener, TcpStream, UdpSocket},
	process::{Child, Command, Stdio},
	sync::Arc,
};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(180);

/// `user:p@ss'word` as HTTP's Basic scheme writes it.
const AUTHORIZATION: &str = "Basic dXNlcjpwQHNzJ3dvcmQ=";

fn wait_for(what: &str, condition: impl Fn() -> bool) {
	let begin = Instant::now();
	while !condition() {
		assert!(begin.elapsed() < PATIENCE, "{what} did not happen in time");
		thread::sleep(Duration::from_millis(20));
	}
}

/// A child that does not survive its test.
struct Killed(Child);

impl Drop for Killed {
	fn drop(&mut self) {
		let _ = self.0.kill();
		let _ = self.0.wait();
	}
}

/// A camera with RTSP over TCP (RFC 2326, section 10.12) and a password, which breaks off each session
/// after some packets. ffmpeg makes the packets.
struct Camera {
	address: String,
	sessions: Arc<AtomicU64>,
	_packets: Killed,
}

impl Camera {
	fn start(folder: &Folder, packets_per_session: u32) -> Self {
		let clip = folder.clip("camera.mp4", 4, &["-c:v", "libx264", "-g", "5", "-bf", "0"]);
		let packets = UdpSocket::bind("127.0.0.1:0").unwrap();
		packets.set_read_timeout(Some(PATIENCE)).unwrap();
		let description = folder.path("camera.sdp");
		let child = Command::new("ffmpeg")
			.args(["-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-i"])
			.arg(clip)
			.args(["-map", "0:v", "-c", "copy", "-f", "rtp", "-sdp_file"])
			.arg(&description)
			.arg(format!("rtp://{}?pkt_size=1200", packets.local_addr().unwrap()))
			.stdout(Stdio::null())
			.spawn()
			.expect("ffmpeg is installed");
		wait_for("the description of the camera", || {
			std::fs::read_to_string(&description).is_ok_and(|text| text.contains("a=fmtp"))
		});
		let text = std::fs::read_to_string(&description).unwrap();
		let description: String = text
			.lines()
			.map(|line| if line.starts_with("m=") { "m=video 0 RTP/AVP 96" } else { line })
			.filter(|line| !line.is_empty() && !line.starts_with("SDP:"))
			.map(|line| format!("{line}\r\n"))
			.chain(["a=control:track\r\n".into()])
			.collect();

		let listener = TcpListener::bind("127.0.0.1:0").unwrap();
		let address = format!("rtsp://{}/street", listener.local_addr().unwrap());
		let sessions = Arc::new(AtomicU64::new(0));
		let played = sessions.clone();
		thread::spawn(move || {
			for connection in listener.incoming() {
				let connection = connection.unwrap();
				// An error is a client that went away.
				let _ = serve(connection, &description, &packets, packets_per_session, &played);
			}
		});
		Self { address, sessions, _packets: Killed(child) }
	}

	fn source(&self) -> Source {
		let source: Source = self.address.parse().unwrap();
		source.with_credentials(b"user:p@ss'word\n").unwrap()
	}
}

fn serve(
	mut connection: TcpStream,
	description: &str,
	packets: &UdpSocket,
	mut packets_left: u32,
	sessions: &AtomicU64,
) -> std::io::Result<()> {
	let mut requests = BufReader::new(connection.try_clone()?);
	loop {
		let mut head = String::new();
		while !head.ends_with("\r\n\r\n") {
			if requests.read_line(&mut head)? == 0 {
				return Ok(());
			}
		}
		let value = |name: &str| {
			let line = head.lines().find_map(|line| line.strip_prefix(name))?;
			Some(line.trim().to_owned())
		};
		let number = value("CSeq:").unwrap_or_default();
		let mut answer = |status: &str, rest: &str| {
			write!(connection, "RTSP/1.0 {status}\r\nCSeq: {number}\r\n{rest}")
		};
		if value("Authorization:").as_deref() != Some(AUTHORIZATION) {
			answer("401 Unauthorized", "WWW-Authenticate: Basic realm=\"camera\"\r\n\r\n")?;
			continue;
		}
		let length = description.len();
		match head.split(' ').next().unwrap_or_default() {
			"DESCRIBE" => answer(
				"200 OK",
				&format!("Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{description}"),
			)?,
			"SETUP" => answer(
				"200 OK",
				"Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n",
			)?,
			"PLAY" => {
				answer("200 OK", "Session: 1\r\n\r\n")?;
				sessions.fetch_add(1, Ordering::Relaxed);
				break;
			},
			_ => answer("200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n")?,
		}
	}
	let mut packet = [0; 2048];
	while packets_left > 0 {
		packets_left -= 1;
		let length = packets.recv(&mut packet)?;
		let mut interleaved = vec![b'$', 0, (length >> 8) as u8, length as u8];
		interleaved.extend(&packet[..length]);
		connection.write_all(&interleaved)?;
	}
	Ok(())
}

/// A camera that runs in a thread of its own.
struct Running {
	stop: CancellationToken,
	latest: Arc<Mutex<CameraReport>>,
	thread: thread::JoinHandle<Result<CameraReport, VideoError>>,
}

impl Running {
	fn start(source: Source, destination: Destination, settings: Settings) -> Self {
		let stop = CancellationToken::new();
		let latest = Arc::new(Mutex::new(CameraReport::default()));
		let (stopped, shown) = (stop.clone(), latest.clone());
		let thread = thread::spawn(move || {
			let anonymizer = Anonymizer::new(settings.clone(), vec![Box::new(RedDetector)]);
			run(&source, &destination, &settings, anonymizer, &stopped, &mut |report| {
				*shown.lock().unwrap() = report.clone();
			})
		});
		Self { stop, latest, thread }
	}

	fn wait_until(&self, what: &str, condition: impl Fn(&CameraReport) -> bool) {
		wait_for(what, || self.thread.is_finished() || condition(&self.latest.lock().unwrap()));
	}

	fn stop(self) -> Result<CameraReport, VideoError> {
		self.stop.cancel();
		self.thread.join().unwrap()
	}
}

/// Without a deadline that a busy machine would miss.
fn patient() -> Settings {
	let mut settings = settings();
	settings.camera.deadline = PATIENCE.as_millis() as u64;
	settings
}

#[test]
fn a_camera_that_breaks_off_is_recorded_until_the_end() {
	let folder = Folder::new();
	let camera = Camera::start(&folder, 150);
	let recording = folder.path("recording.mp4");
	let destination = Destination::File(recording.clone());
	let running = Running::start(camera.source(), destination, patient());
	running.wait_until("a third connection", |report| {
		report.reconnections >= 2 && report.written >= 20
	});
	assert!(!recording.exists(), "it appears when it is complete");
	let report = running.stop().unwrap();
	assert!(report.reconnections >= 2 && camera.sessions.load(Ordering::Relaxed) >= 3);
	assert!(report.written + report.skipped + report.late <= report.received, "{report:?}");
	let pictures = pictures(&recording);
	assert_eq!(pictures.len() as u64, report.written);
	assert!(pictures.iter().all(|picture| !shows_red(picture)));
	assert!(report.classes[&Class::Face].boxes > 0);
}

#[test]
fn a_camera_is_sent_to_a_server() {
	let folder = Folder::new();
	let camera = Camera::start(&folder, u32::MAX);
	let address = {
		let free = TcpListener::bind("127.0.0.1:0").unwrap();
		format!("rtsp://{}/out", free.local_addr().unwrap())
	};
	let received = folder.path("received.mkv");
	let mut server = Killed(
		Command::new("ffmpeg")
			.args(["-nostdin", "-v", "error", "-rtsp_flags", "listen", "-i", &address])
			.args(["-c", "copy", "-y"])
			.arg(&received)
			.stdout(Stdio::null())
			.spawn()
			.expect("ffmpeg is installed"),
	);
	let port = address.trim_start_matches("rtsp://").trim_end_matches("/out");
	// A connection would end its listening.
	wait_for("the server", || {
		let number: u16 = port.rsplit(':').next().unwrap().parse().unwrap();
		let line = format!("0100007F:{number:04X} 00000000:0000 0A");
		std::fs::read_to_string("/proc/net/tcp").unwrap().contains(&line)
	});
	let running = Running::start(camera.source(), address.parse().unwrap(), patient());
	running.wait_until("enough frames", |report| report.written >= 40);
	let report = running.stop().unwrap();
	assert!(report.written >= 40);
	server.0.wait().unwrap();
	let pictures = pictures(&received);
	assert!(!pictures.is_empty() && pictures.iter().all(|picture| !shows_red(picture)));
}

#[test]
fn frames_that_miss_the_deadline_are_not_passed_on() {
	let folder = Folder::new();
	let camera = Camera::start(&folder, u32::MAX);
	let recording = folder.path("recording.mp4");
	let mut settings = settings();
	settings.camera.deadline = 0;
	let destination = Destination::File(recording.clone());
	let running = Running::start(camera.source(), destination, settings);
	running.wait_until("late frames", |report| report.late >= 5);
	let report = running.stop().unwrap();
	assert!(report.late >= 5 && report.written == 0);
	assert!(!recording.exists() && !unfinished(&recording).exists());
}

#[test]
fn a_camera_that_is_not_there_is_waited_for_until_the_stop() {
	let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
	let folder = Folder::new();
	let recording = folder.path("recording.mp4");
	let source = format!("rtsp://{free}/street").parse().unwrap();
	let running = Running::start(source, Destination::File(recording.clone()), patient());
	assert_eq!(running.stop().unwrap(), CameraReport::default());
	assert!(!recording.exists());
}

#[test]
fn addresses_are_understood_or_refused() {
	let rtsp: Source = "rtsps://camera.example/live?channel=1".parse().unwrap();
	assert!(matches!(&rtsp, Source::Rtsp { address, .. } if address.starts_with("rtsps://")));
	assert!(
		matches!("/dev/video2".parse().unwrap(), Source::V4l2(path) if path.ends_with("video2"))
	);
	let refused =
		["", "video.mp4", "-i", "http://camera/", "rtsp://", "rtsp://a'\nfile 'b", "rtsp://u:p@c/"];
	for text in refused {
		assert!(matches!(text.parse::<Source>(), Err(VideoError::Address(_))), "{text}");
	}
	assert!("out.mp4".parse::<Destination>().is_ok());
	assert!("out.exe".parse::<Destination>().is_err());
	let file = tempfile::NamedTempFile::new().unwrap();
	assert!(Source::V4l2(file.path().into()).input().is_err(), "a file is no device");
}

#[test]
fn credentials_are_in_no_argument() {
	let source: Source = "rtsp://camera.example/live".parse().unwrap();
	let input = source.with_credentials(b"user:p@ss'word\n").unwrap().input().unwrap();
	assert!(input.options.iter().all(|option| !option.to_string_lossy().contains("user")));
	let list = input.list.unwrap();
	assert!(list.contains("file 'rtsp://user:p%40ss%27word@camera.example/live'\n"), "{}", *list);
	let device: Source = "/dev/video0".parse().unwrap();
	assert!(device.with_credentials(b"user:word").is_err());
}

/// There is no device here; this is what ffmpeg would be asked for.
#[test]
fn a_device_is_read_by_video4linux() {
	let input = v4l2_input(Path::new("/dev/video0"));
	assert_eq!(input.options, ["-f", "v4l2", "-i", "/dev/video0"]);
	assert!(input.list.is_none());
}
