//! Chooses the platform: PocketIC if its server is available, else the embedded engine.
//!
//! `POCKET_IC_BIN` names the server. Without it, the server is looked up where the crate `pocket-ic` keeps its download. This
//! module downloads nothing.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::sync::OnceLock;

use local_ic::LocalIc;

use crate::platform::Platform;
use crate::pocket;

/// The major version of the server that the crate in `Cargo.toml` supports.
const SERVER_MAJOR: &str = "16";

enum Engine {
    PocketIc(PathBuf),
    Embedded,
}

/// A fresh platform of the chosen kind.
pub fn platform() -> Rc<dyn Platform> {
    static CHOSEN: OnceLock<Engine> = OnceLock::new();
    match CHOSEN.get_or_init(choose_and_say) {
        Engine::PocketIc(server) => Rc::new(pocket::start(server)),
        Engine::Embedded => Rc::new(LocalIc::new()),
    }
}

fn choose_and_say() -> Engine {
    let engine = choose();
    let name = match &engine {
        Engine::PocketIc(server) => format!("PocketIC, {}", server.display()),
        Engine::Embedded => "embedded (no PocketIC server; POCKET_IC_BIN names one)".to_string(),
    };
    // Not `eprintln!`: the test harness captures its output.
    writeln!(std::io::stderr(), "engine: {name}").expect("stderr can be written");
    engine
}

fn choose() -> Engine {
    if let Some(path) = std::env::var_os("POCKET_IC_BIN") {
        let server = PathBuf::from(path);
        let version = version(&server);
        assert!(
            is_right(version.as_deref()),
            "POCKET_IC_BIN={} must be a PocketIC server {SERVER_MAJOR}.x; --version said {version:?}",
            server.display(),
        );
        return Engine::PocketIc(server);
    }
    let folder = format!("pocket-ic-server-{}", pocket_ic::LATEST_SERVER_VERSION);
    let server = std::env::temp_dir().join(folder).join("pocket-ic");
    if is_right(version(&server).as_deref()) { Engine::PocketIc(server) } else { Engine::Embedded }
}

/// The version in the output of `--version`, such as `pocket-ic-server 16.1.0`.
fn version(server: &Path) -> Option<String> {
    let output = Command::new(server).arg("--version").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

fn is_right(version: Option<&str>) -> bool {
    version.is_some_and(|text| {
        let number = text.rsplit(' ').next().unwrap_or(text);
        number.split('.').next() == Some(SERVER_MAJOR)
    })
}
