use crate::site::*;
use directory::api::*;
use serde_bytes::ByteBuf;
use directory_core::entry::Entry;

#[test]
fn stages() {
    let site = Site::new(&open());
    let label = name("alice");
    let used = || site.engine.last_call_usage(site.id).expect("a call").instructions;
    site.pass(5);
    let new = site.registration(&label, 1, &[]);
    let bad = Submission { update: ByteBuf::new(), ..new.clone() };
    println!("{:?} {}", site.update(&bad), used());
    let mut bad = site.registration(&label, 1, &[]);
    let mut e = site.first(site.index(&label), &label, 1); e.realm = [9; 32];
    bad.update = ByteBuf::from(signed(e, &[1]).encode());
    println!("first wrong realm {:?} {}", site.update(&bad), used());
    println!("{:?} {}", site.update(&new), used());
    let old = site.first(site.index(&label), &label, 1);
    let two = submission(&label, &signed(next(&old, &label, 1), &[1]));
    println!("pending {:?} {}", site.update(&two), used());
    site.pass(5);
    let bad = Submission { update: ByteBuf::new(), ..two.clone() };
    println!("{:?} {}", site.update(&bad), used());
    let bad = Submission { opened: None, ..two.clone() };
    println!("no profile {:?} {}", site.update(&bad), used());
    let e = next(&old, &label, 1);
    let bad = submission(&label, &signed(Entry { realm: [9; 32], ..e.clone() }, &[1]));
    println!("wrong realm {:?} {}", site.update(&bad), used());
    let bad = submission(&label, &signed(Entry { previous: [9; 32], ..e.clone() }, &[1]));
    println!("conflict {:?} {}", site.update(&bad), used());
    let mut u = signed(e.clone(), &[1]); u.signatures = sign(b"x", &[1]);
    println!("wrong sig {:?} {}", site.update(&submission(&label, &u)), used());
    println!("{:?} {}", site.update(&two), used());
    let three = submission(&label, &signed(next(&e, &label, 1), &[1]));
    site.register(&name("b"), 2).ok(); site.pass(5);site.pass(5);
    site.register(&name("c"), 2).ok();
    println!("accepted, not closed {:?} {}", site.update(&three), used());
    site.ask(&label, View::newest, 0, Changes::newest).expect("found");
    println!("look-up {}", used());
    site.ask(&name("nobody"), View::newest, 0, Changes::newest).expect("found");
    println!("absent {}", used());
    site.query::<(Result<Vec<ByteBuf>, StatusError>,)>("get_heads", (0u64, 0u32)).0.unwrap();
    println!("get_heads 0 {}", used());
}
