//! Starts this program again under strace, which disturbs one of its system calls.

use std::{
    env, fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    sync::Once,
};

use super::world::Writer;

/// Where the child finds the state directory.
const DIRECTORY: &str = "READDRESS_TEST_HISTORY";

/// Which writer the child is.
const WRITER: &str = "READDRESS_TEST_WRITER";

/// What happens to a call.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// The process ends before the call.
    Kill,
    /// The call is not made, and returns this error.
    Error(&'static str),
}

/// How a child ended, with its exit code if it had one.
pub enum Ended {
    /// There was no such call.
    Undisturbed(Option<i32>),
    /// The call was disturbed.
    Disturbed(Option<i32>),
}

/// Returns what a child is to do; none in any other process.
pub fn task() -> Option<(String, Writer)> {
    let writer = match &*env::var(WRITER).ok()? {
        "in place" => Writer::InPlace,
        _ => Writer::Library,
    };
    Some((env::var(DIRECTORY).ok()?, writer))
}

/// Returns true, and says so, if the tests are to be left out.
pub fn is_left_out() -> bool {
    static SAID: Once = Once::new();
    if env::var("READDRESS_SKIP_PEERS").is_ok_and(|value| value == "1") {
        SAID.call_once(|| {
            // The macro's output would not be shown, because the test harness hides it when a test passes.
            let said = "SKIPPED: crashes of the history are NOT tested: READDRESS_SKIP_PEERS=1";
            let _ = writeln!(std::io::stderr(), "{said}");
        });
        return true;
    }
    let works = Command::new("strace")
        .args(["-qq", "-e", "trace=none", "true"])
        .stdin(Stdio::null())
        .status();
    assert!(
        works.is_ok_and(|status| status.success()),
        "strace is not there, or may not trace: run tests/peers/install as root first \
         (or set READDRESS_SKIP_PEERS=1 to leave these tests out)"
    );
    false
}

/// Has a child change the history, and disturbs its call of this kind with this number.
pub fn run(state: &Path, writer: Writer, call: &str, fault: Fault, number: usize) -> Ended {
    let log = state.join("strace");
    let how = match fault {
        Fault::Kill => "signal=KILL".to_owned(),
        Fault::Error(name) => format!("error={name}"),
    };
    // One thread: strace counts the calls of each thread on its own.
    let ended = Command::new("strace")
        .args(["-f", "-qq", "-o"])
        .arg(&log)
        .args(["-e", &format!("trace={call}")])
        .args(["-e", &format!("inject={call}:{how}:when={number}")])
        .arg(env::current_exe().unwrap())
        .args([
            "--exact",
            "child",
            "--ignored",
            "--test-threads=1",
            "--nocapture",
            "-q",
        ])
        .env(DIRECTORY, state)
        .env(WRITER, writer.word())
        .env_remove("RUST_BACKTRACE")
        .env_remove("LLVM_PROFILE_FILE")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let calls = fs::read_to_string(&log).unwrap();
    fs::remove_file(&log).unwrap();
    let disturbed = match fault {
        Fault::Kill => ended.code().is_none(),
        Fault::Error(_) => calls.contains("(INJECTED)"),
    };
    match disturbed {
        true => Ended::Disturbed(ended.code()),
        false => Ended::Undisturbed(ended.code()),
    }
}
