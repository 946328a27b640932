//! The embedded engine as a [`Platform`].
use super::pocket;
pub fn start() -> pocket_ic::PocketIc { pocket::start(std::path::Path::new("/none")) }
