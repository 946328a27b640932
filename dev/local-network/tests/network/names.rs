//! A network keeps its canisters by name. Later starts add further ones.

use std::path::Path;

use local_ic::LocalIc;
use local_network::{Canisters, State};
use tempfile::TempDir;

use crate::common::CANISTER;

/// Starts the network of `folder` with these canisters; one named "bad" cannot be installed.
fn start(folder: &Path, names: &[&str]) -> Result<Canisters, String> {
    let module = wat::parse_str(CANISTER).expect("the text is legal");
    let prepare = |engine: &LocalIc, canisters: &mut Canisters| {
        for name in names {
            if canisters.contains_key(*name) {
                continue;
            }
            if *name == "bad" {
                return Err("it does not install".to_string());
            }
            let id = engine.create_canister();
            engine.install_canister(id, module.clone(), vec![], None);
            canisters.insert(name.to_string(), id);
        }
        Ok(())
    };
    let (state, canisters) = State::in_folder(folder, || Ok(LocalIc::new()), prepare)?;
    assert!(canisters.values().all(|id| state.module_hash(*id).is_some()));
    Ok(canisters)
}

#[test]
fn later_starts_add_canisters_or_leave_everything_as_it_was() {
    let folder = TempDir::new().expect("there is room");
    let folder = folder.path();
    assert_eq!(start(folder, &["bad"]), Err("it does not install".to_string()));
    let first = start(folder, &["a"]).expect("it starts");
    let second = start(folder, &["a", "b"]).expect("it starts");
    assert_eq!((second.len(), second["a"]), (2, first["a"]));
    assert_ne!(second["a"], second["b"]);
    assert_eq!(start(folder, &["b", "c", "bad"]), Err("it does not install".to_string()));
    assert_eq!(start(folder, &[]), Ok(second.clone()), "the failed start left nothing");
    let fourth = start(folder, &["d"]).expect("it starts");
    assert_eq!(fourth.len(), 3);
    let number = |name: &str| fourth[name].as_slice()[7];
    assert_eq!((number("b"), number("d")), (number("a") + 1, number("a") + 2), "nor of its canister's id");
}
