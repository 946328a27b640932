//! The budget of strangers. Inspection and the call itself decide alike.

use crate::site::*;
use candid::Principal;
use directory::api::*;
use directory_core::label::Label;
use local_ic::MessageId;

fn rate(per_second: u32, burst: u32) -> Bound<Rate> {
    Bound::AtMost(Rate { per_second, burst })
}

fn person(number: u8) -> Principal {
    Principal::self_authenticating([number])
}

fn with(strangers: Budget) -> Site {
    let site = Site::new(&open());
    assert_eq!(set(&site, operator(), Settings { strangers, reserve: 0 }), Ok(()));
    site.pass(5);
    site
}

fn set(site: &Site, caller: Principal, settings: Settings) -> Result<(), SettingsError> {
    site.call(caller, "set_settings", (settings,)).expect("a reply")
}

/// Registrations in one block: `None` where inspection did not let one in.
fn block(site: &Site, callers: &[Principal], mark: char) -> Vec<Option<Result<Accepted, UpdateError>>> {
    let submit = |(number, caller): (usize, &Principal)| -> Option<MessageId> {
        let new = site.registration(&name(&format!("{mark}{number}")), 1, &[]);
        site.engine.submit_call(site.id, *caller, "update", candid::encode_one(new).expect("encoded")).ok()
    };
    let submitted: Vec<_> = callers.iter().enumerate().map(submit).collect();
    let answer = |message: MessageId| {
        candid::decode_one(&site.engine.await_call(message).expect("a reply")).expect("the interface's types")
    };
    submitted.into_iter().map(|message| message.map(answer)).collect()
}

fn limited(limited: Limited) -> Option<Result<Accepted, UpdateError>> {
    Some(Err(UpdateError::Limited(limited)))
}

#[test]
fn strangers_share_a_budget_and_controllers_go_on() {
    let site = with(Budget { items: rate(1, 4), ..Budget::default() });
    let strangers: Vec<_> = (0..6).map(person).collect();
    let answers = block(&site, &strangers, 'a');
    assert!(answers[..4].iter().all(|answer| matches!(answer, Some(Ok(_)))), "{answers:?}");
    // Half of the burst comes back in 2 s, and each refused call counts for one.
    let refused = |retry_after| limited(Limited::budget { retry_after });
    assert_eq!(answers[4..], [refused(2), refused(3)]);
    assert_eq!(block(&site, &strangers[..1], 'b'), [None], "inspection refuses now");
    assert!(matches!(block(&site, &[operator()], 'c')[..], [Some(Ok(_))]));
    site.pass(4);
    assert!(matches!(block(&site, &strangers[..1], 'd')[..], [Some(Ok(_))]));
    let log = site.log();
    assert_eq!(log.iter().filter(|line| *line == "the budget of strangers is used up").count(), 1, "{log:?}");
}

#[test]
fn a_caller_has_its_own_rate() {
    let site = with(Budget { each: rate(1, 2), ..Budget::default() });
    let answers = block(&site, &[person(1), person(1), person(1), person(2)], 'a');
    let is_ok: Vec<_> = answers.iter().map(|answer| matches!(answer, Some(Ok(_)))).collect();
    assert_eq!(is_ok, [true, true, false, true], "{answers:?}");
    assert_eq!(answers[2], limited(Limited::rate { retry_after: 1 }));
}

#[test]
fn the_cycles_of_a_day_are_counted_and_survive_an_upgrade() {
    let site = with(Budget { cycles_a_day: Bound::AtMost(30_000_000), ..Budget::default() });
    assert_eq!(site.status().cycles_today, 0);
    assert!(matches!(block(&site, &[person(1)], 'a')[..], [Some(Ok(_))]));
    let used = site.status().cycles_today;
    assert!((10_000_000..30_000_000).contains(&used), "{used} cycles of a registration");
    let answers = block(&site, &[person(1), person(2)], 'b');
    assert!(
        matches!(answers[..], [Some(Ok(_)), Some(Err(UpdateError::Limited(Limited::budget { .. })))]),
        "{answers:?}"
    );
    let used = site.status().cycles_today;
    site.upgrade().expect("upgraded");
    assert_eq!(site.status().cycles_today, used);
    assert_eq!(block(&site, &[person(1)], 'c'), [None]);
    site.pass(86_400);
    assert_eq!(site.status().cycles_today, 0);
    assert!(matches!(block(&site, &[person(1)], 'd')[..], [Some(Ok(_))]));
}

#[test]
fn a_reserve_is_kept_from_strangers() {
    let site = with(Budget::default());
    let most = u64::MAX;
    assert_eq!(set(&site, operator(), Settings { reserve: most, ..Settings::default() }), Ok(()));
    let refused =
        site.call::<Result<Accepted, UpdateError>>(person(1), "update", (site.registration(&name("a"), 1, &[]),));
    assert!(refused.is_err_and(|reject| reject.reject_message.contains("low_cycles")));
    let kept =
        site.call::<Result<Accepted, UpdateError>>(operator(), "update", (site.registration(&name("a"), 1, &[]),));
    assert!(kept.expect("a reply").is_ok());
    assert!(site.look_up(&name("a"), View::newest, None, None).is_ok(), "look-ups go on");
}

/// Otherwise a caller who uses up the budget would stop strict look-ups.
#[test]
fn ratification_goes_on_when_the_budget_is_used_up() {
    let site = Site::new(&crate::ratification::quorum());
    let budget = Budget { items: rate(1, 1), ..Budget::default() };
    assert_eq!(set(&site, operator(), Settings { strangers: budget, reserve: 0 }), Ok(()));
    site.pass(60);
    assert!(matches!(block(&site, &[person(1)], 'a')[..], [Some(Ok(_))]));
    assert_eq!(block(&site, &[person(2)], 'b'), [None]);
    for number in [51, 52] {
        let (size, cosignature) = crate::ratification::cosigned(&site, number, site.now() / 1_000_000_000);
        crate::ratification::ratify(&site, size, &cosignature).expect("taken");
    }
    assert_eq!(site.status().ratified, site.status().epochs);
}

#[test]
fn settings_are_a_controllers_are_checked_and_survive_an_upgrade() {
    let site = Site::new(&open());
    assert_eq!(site.status().settings, Settings::default());
    assert_eq!(set(&site, person(1), Settings::default()), Err(SettingsError::NotAllowed));
    let none = Settings { strangers: Budget { each: rate(1, 0), ..Budget::default() }, reserve: 7 };
    let low = SettingsError::TooLow { setting: "strangers.each.burst".to_string(), value: 0, min: 1 };
    assert_eq!(set(&site, operator(), none), Err(low));
    assert_eq!(site.status().settings, Settings::default());
    let good = Settings { strangers: Budget { bytes: rate(1_000, 2_000), ..Budget::default() }, reserve: 7 };
    assert_eq!(set(&site, operator(), good), Ok(()));
    site.upgrade().expect("upgraded");
    assert_eq!(site.status().settings, good);
    assert!(site.log().iter().any(|line| line.starts_with(&format!("settings by {}: ", operator()))));
}

#[test]
fn a_bundle_is_charged_as_an_update_is() {
    let site = with(Budget { items: rate(1, 2), ..Budget::default() });
    let label = Label::Name("a0".to_string());
    assert!(matches!(block(&site, &[person(1)], 'a')[..], [Some(Ok(_))]));
    let put = |number| {
        let bundle = crate::bundles::bundle_of(&site, &label, 200, site.now() / 1_000_000_000 + number);
        let arguments = (serde_bytes::ByteBuf::from(label.encode()), serde_bytes::ByteBuf::from(bundle.encode()));
        site.call::<Result<(), BundleError>>(person(2), "put_bundle", arguments)
    };
    assert_eq!(put(0).expect("a reply"), Ok(()));
    assert!(put(1).is_err_and(|reject| reject.reject_message.contains("budget")), "inspection refuses it");
}

/// Where there are limits, inspection refuses what is malformed. It does not see calls of canisters, nor limits that are set in
/// the same block.
#[test]
fn malformed_calls_are_charged() {
    for method in ["update", "put_bundle"] {
        let site = Site::new(&open());
        let settings = Settings { strangers: Budget { items: rate(1, 3), ..Budget::default() }, reserve: 0 };
        let submit = |caller, method, argument| site.engine.submit_call(site.id, caller, method, argument);
        let settings = candid::encode_one(settings).expect("encoded");
        let set = submit(operator(), "set_settings", settings).expect("no limits yet");
        let calls: Vec<_> =
            (0..3).map(|_| submit(person(1), method, b"no candid".to_vec()).expect("no limits yet")).collect();
        site.engine.await_call(set).expect("a reply");
        for call in calls {
            let reject = site.engine.await_call(call).expect_err("it is malformed");
            assert!(reject.reject_message.contains("malformed argument"), "{reject:?}");
        }
        assert_eq!(block(&site, &[person(2)], 'a'), [None], "the budget is used up by {method}");
    }
}
