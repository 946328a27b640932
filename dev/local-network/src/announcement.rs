//! What is printed once the network answers.

use std::path::Path;

use candid::Principal;

/// Says that the network is ready, what it serves, and how to call it.
pub fn print(port: u16, canister: Principal, module_hash: Option<[u8; 32]>, state: Option<&Path>, page: bool) {
    let url = format!("http://127.0.0.1:{port}");
    let kept = match state {
        Some(folder) => format!("Its state is in {}.", folder.display()),
        None => "Everything is gone when it stops.".to_string(),
    };
    let module_hash = match module_hash {
        Some(hash) => hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        None => "none is installed".to_string(),
    };
    let page = match page {
        true => format!("\nA page to look into the canister: {url}/\n"),
        false => String::new(),
    };
    println!(
        "\
ready: {url} canister {canister}

module hash: {module_hash}
A development network for one machine, not the Internet Computer. {kept} Ctrl-C stops it.
{page}
In another terminal, with icp:

  icp canister call -n {url} -k fetch {canister} add_message '(blob \"alice\", blob \"sealed\")'
  icp canister call -n {url} -k fetch {canister} get_message_by_id '(1 : nat32)' --query

with dfx:

  dfx canister call --network {url} {canister} add_message '(blob \"alice\", blob \"sealed\")'
  dfx canister call --network {url} {canister} get_message_by_id '(1 : nat32)' --query

with curl:

  curl '{url}/?canisterId={canister}'
  curl 'http://{canister}.localhost:{port}/'
"
    );
}
