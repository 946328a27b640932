//! Instructions of each call, in a small directory. A million labels add some 20 levels to each path. Each limit is what was
//! measured and three per cent.

use crate::site::*;
use directory::api::*;

fn used(site: &Site) -> u64 {
    site.engine.last_call_usage(site.id).expect("a call").instructions
}

#[test]
fn each_call_stays_within_its_instructions() {
    let closed = Configuration { registration: Registration::registrar, ratification: Ratification::certified_only };
    let site = Site::new(&closed);
    site.pass(5);
    let registrar = site.registration(&directory_core::label::Label::Registrar, 11, &[]);
    let accepted: Result<Accepted, UpdateError> = site.call(operator(), "update", (&registrar,)).expect("a reply");
    accepted.expect("accepted");
    site.pass(5);
    let label = name("alice");
    let new = site.registration(&label, 1, &[11]);
    site.update(&new).expect("registered");
    let registration = used(&site);
    site.pass(5);
    let old = site.first(site.index(&label), &label, 1);
    site.update(&submission(&label, &signed(next(&old, &label, 1), &[1]))).expect("changed");
    let update = used(&site);
    site.ask(&label, View::newest, 0, Changes::newest).expect("found");
    let present = used(&site);
    site.ask(&name("bob"), View::newest, 0, Changes::newest).expect("found");
    let absent = used(&site);
    let figures = [
        ("registration with the registrar's signature", registration, 13_400_000),
        ("update of the same key, epoch of one", update, 3_750_000),
        ("present look-up", present, 487_000),
        ("absent look-up", absent, 7_410_000),
    ];
    for (what, found, _) in figures {
        println!("{what}: {found} instructions");
    }
    for (what, found, most) in figures {
        assert!(found <= most, "{what}: {found} instructions, more than {most}");
    }
}
