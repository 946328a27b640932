//! Registration under a registrar.

use crate::site::*;
use candid::Principal;
use directory::api::*;
use directory_core::label::Label;

fn closed() -> Configuration {
    Configuration { registration: Registration::registrar, ratification: Ratification::certified_only }
}

fn reject(site: &Site, caller: Principal, new: &Submission) -> String {
    let refused = site.call::<Result<Accepted, UpdateError>>(caller, "update", (new,));
    refused.expect_err("inspection refuses it").reject_message
}

#[test]
fn every_registration_carries_the_registrars_signature() {
    let site = Site::new(&closed());
    assert_eq!(site.status().registration, Registration::registrar);
    site.pass(5);
    let alice = name("alice");
    assert!(reject(&site, Principal::anonymous(), &site.registration(&alice, 1, &[11])).contains("NoRegistrar"));
    // Only a controller registers the registrar.
    let registrar = site.registration(&Label::Registrar, 11, &[]);
    assert!(reject(&site, Principal::anonymous(), &registrar).contains("NotAllowed"));
    let accepted: Result<Accepted, UpdateError> = site.call(operator(), "update", (&registrar,)).expect("a reply");
    assert_eq!(accepted, Ok(Accepted { position: 0, epoch: 1, closed: true }));
    for (registrars, why) in
        [(&[][..], "TooFewSignatures"), (&[12][..], "TooFewSignatures"), (&[11, 12][..], "ForeignSignature")]
    {
        let said = reject(&site, Principal::anonymous(), &site.registration(&alice, 1, registrars));
        assert!(said.contains(why), "{registrars:?}: {said}");
    }
    // The signature is over the entry: another owner cannot take it.
    let mut stolen = site.registration(&alice, 2, &[]);
    let good = site.registration(&alice, 1, &[11]);
    let mut update = directory_core::update::Update::decode(&stolen.update).expect("an update");
    update.registration = directory_core::update::Update::decode(&good.update).expect("an update").registration;
    stolen.update = update.encode().into();
    assert!(reject(&site, Principal::anonymous(), &stolen).contains("WrongSignature"));
    site.pass(5);
    assert!(site.update(&good).expect("accepted").closed);
    let found = site.look_up(&alice, View::newest, None, None).expect("a client checks the registrar's signature");
    assert_eq!(found.state.expect("present").newest().policy, policy(1));
}

#[test]
fn a_call_that_passes_inspection_is_accepted_and_a_refused_call_costs_no_update() {
    let site = Site::new(&closed());
    let before = site.engine.executions(site.id).len();
    let balance = site.engine.cycle_balance(site.id);
    reject(&site, Principal::anonymous(), &site.registration(&name("alice"), 1, &[]));
    assert_eq!(site.engine.cycle_balance(site.id), balance, "{before} executions before");
}
