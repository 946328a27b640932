//! Another process of the same mailbox acts at the worst moment.

use crate::network::Network;
use crate::people::{Done, Person};
use std::process::Command;
use std::sync::{Arc, Mutex};
use test_support::proxy::{Between, Proxy};
use tokio::task::block_in_place;

/// Runs a command while the head of an inbox is asked for, before the network answers.
#[derive(Default)]
struct Meanwhile {
    command: Mutex<Option<Command>>,
    done: Mutex<Option<Done>>,
}

impl Between for Meanwhile {
    fn request(&self, path: &str, body: Vec<u8>) -> Option<(String, Vec<u8>)> {
        if memchr::memmem::find(&body, b"get_key_heads").is_some() {
            // The nested command makes the same request, and finds no command to run.
            let command = self.command.lock().unwrap().take();
            if let Some(mut command) = command {
                let output = block_in_place(|| command.output().unwrap());
                *self.done.lock().unwrap() = Some(Done::of(output));
            }
        }
        Some((path.into(), body))
    }

    fn response(&self, _: &str, _: &[u8], body: Vec<u8>) -> Vec<u8> {
        body
    }
}

#[test]
fn a_store_that_another_process_reads_and_acknowledges_meanwhile_is_not_an_old_copy() {
    let network = Network::start();
    let (meanwhile, url) = (Arc::new(Meanwhile::default()), network.url());
    let proxy = Proxy::start(move || url.clone(), Arc::clone(&meanwhile));
    let (alice, bob) = (Person::new("alice", &network), Person::at("bob", &proxy.url(), network.canister));
    alice.knows(&bob);
    bob.knows(&alice);
    // The canister knows the inbox from now on.
    bob.run(&["receive"]).code(0);
    for command in ["receive", "doctor"] {
        alice.run(&["send", "bob", "-m", "hello"]).code(0);
        *meanwhile.command.lock().unwrap() = Some(bob.command(&["receive"]));
        bob.run(&[command]).code(0);
        let done = meanwhile.done.lock().unwrap().take().expect("it ran meanwhile").code(0);
        assert!(done.stdout.ends_with("\talice: hello\n"), "{}", done.stdout);
    }
}
