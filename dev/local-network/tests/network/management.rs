//! The management canister, as `icp` uses it: status, code, settings, start and stop, logs.

use std::time::Duration;

use crate::common::Network;
use crate::common::certificate::{found, response};
use crate::common::envelope::*;
use crate::common::keys::Key;
use crate::common::probe::PROBE;
use candid::{CandidType, Deserialize, Principal};
use ic_management_canister_types::*;
use ic_transport_types::{Envelope, EnvelopeContent, QueryResponse};

const ANONYMOUS: Principal = Principal::anonymous();
const MANAGEMENT: Principal = Principal::management_canister();

type Outcome<T> = Result<T, (u64, String)>;

fn error<T>(code: u64, error: &str) -> Outcome<T> {
    Err((code, error.to_string()))
}

fn about(canister_id: Principal) -> CanisterIdRecord {
    CanisterIdRecord { canister_id }
}

fn encode(argument: &impl CandidType) -> Vec<u8> {
    candid::encode_one(argument).expect("it encodes")
}

/// A management call by the anonymous principal, who controls all canisters at first.
fn manage(method: &str, argument: &impl CandidType) -> Envelope<'static> {
    bare(call(MANAGEMENT, ANONYMOUS, method, &encode(argument)))
}

/// Makes a management call about `canister` that replies nothing.
async fn done(network: &Network, canister: Principal, method: &str, argument: &impl CandidType) -> Outcome<()> {
    let reply = network.call(canister, &manage(method, argument)).await?;
    candid::decode_args::<()>(&reply).expect("it replies nothing");
    Ok(())
}

async fn queried<T>(network: &Network, canister: Principal, content: EnvelopeContent, key: Option<&Key>) -> Outcome<T>
where
    T: CandidType + for<'a> Deserialize<'a>,
{
    let envelope = key.map_or_else(|| bare(content.clone()), |key| signed(content.clone(), key));
    match network.send("v3", canister, "query", &envelope).await.cbor() {
        QueryResponse::Replied { reply, .. } => Ok(candid::decode_one(&reply.arg).expect("it is of the type")),
        QueryResponse::Rejected { reject, .. } => {
            Err((reject.reject_code as u64, reject.error_code.expect("it has one")))
        }
    }
}

async fn status(network: &Network, canister: Principal) -> CanisterStatusResult {
    let content = query(MANAGEMENT, ANONYMOUS, "canister_status", &encode(&about(canister)));
    queried(network, canister, content, None).await.expect("the anonymous principal controls it")
}

async fn counted(network: &Network, canister: Principal) -> Outcome<Vec<u8>> {
    network.call(canister, &bare(call(canister, ANONYMOUS, "count", &[]))).await
}

fn count(number: u32) -> Outcome<Vec<u8>> {
    Ok(number.to_le_bytes().to_vec())
}

fn module(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the text is legal")
}

fn install(canister_id: Principal, mode: CanisterInstallMode, wasm_module: Vec<u8>) -> InstallCodeArgs {
    InstallCodeArgs { mode, canister_id, wasm_module, arg: Vec::new(), sender_canister_version: None }
}

#[tokio::test]
async fn the_status_is_the_same_by_query_and_by_call() {
    let network = Network::probe().await;
    let canister = network.canister;
    let queried = status(&network, canister).await;
    assert_eq!(queried.status, CanisterStatusType::Running);
    assert_eq!(queried.module_hash.as_ref(), Some(&network.module_hash));
    assert_eq!(queried.settings.controllers, [ANONYMOUS]);
    assert!(queried.cycles > 0_u8 && queried.memory_size > 0_u8);
    let reply = network.call(canister, &manage("canister_status", &about(canister))).await.expect("it replies");
    let called: CanisterStatusResult = candid::decode_one(&reply).expect("it is a status");
    assert_eq!(
        (called.status, called.module_hash, called.version),
        (queried.status, queried.module_hash, queried.version)
    );
    assert_eq!(called.settings.controllers, queried.settings.controllers);
}

#[tokio::test]
async fn code_is_installed_reinstalled_and_upgraded() {
    let (network, canisters) = Network::start_with(&[PROBE, ""]).await;
    let canister = canisters[1];
    let code = async |mode, wasm| done(&network, canister, "install_code", &install(canister, mode, wasm)).await;
    use CanisterInstallMode::{Install, Reinstall, Upgrade};
    assert_eq!(code(Upgrade(None), module(PROBE)).await, error(5, "IC0537"), "there is nothing to upgrade");
    assert_eq!(code(Install, b"no module".to_vec()).await, error(5, "IC0505"));
    assert_eq!(status(&network, canister).await.module_hash, None);
    assert_eq!(code(Install, module(PROBE)).await, Ok(()));
    assert_eq!(status(&network, canister).await.module_hash, Some(network.module_hash.clone()));
    assert_eq!([counted(&network, canister).await, counted(&network, canister).await], [count(1), count(2)]);
    assert_eq!(code(Install, module(PROBE)).await, error(5, "IC0514"), "it is not empty");
    // The sections of the old code that an upgrade leaves show in the metadata: another module is there.
    let other = PROBE.replace("for tests", "for upgrades");
    assert_eq!(code(Upgrade(None), module(&other)).await, Ok(()));
    let metadata = path([b"canister", canister.as_slice(), b"metadata", b"about"]);
    let tree = network.state(canister, &bare(read_state(ANONYMOUS, std::slice::from_ref(&metadata)))).await;
    assert_eq!(found(&tree, &metadata).as_deref(), Some(&b"for upgrades"[..]));
    assert_eq!(counted(&network, canister).await, count(1), "the heap is new");
    assert_eq!(code(Reinstall, module(PROBE)).await, Ok(()));
    assert_eq!(status(&network, canister).await.module_hash, Some(network.module_hash.clone()));
    assert_eq!(counted(&network, canister).await, count(1));
    // A module that does not install leaves what there was.
    let broken = PROBE.replacen("(@custom", r#"(func (export "canister_init") unreachable) (@custom"#, 1);
    assert_eq!(code(Reinstall, module(&broken)).await, error(5, "IC0502"));
    assert_eq!(counted(&network, canister).await, count(2));
}

#[tokio::test]
async fn uninstalled_code_is_gone() {
    let network = Network::probe().await;
    let canister = network.canister;
    assert_eq!(done(&network, canister, "uninstall_code", &about(canister)).await, Ok(()));
    assert_eq!(status(&network, canister).await.module_hash, None);
    let hash = path([b"canister", canister.as_slice(), b"module_hash"]);
    let tree = network.state(canister, &bare(read_state(ANONYMOUS, std::slice::from_ref(&hash)))).await;
    assert_eq!(found(&tree, &hash), None);
    let envelope = bare(call(canister, ANONYMOUS, "count", &[]));
    assert_eq!(network.turned_away(canister, &envelope).await, (5, "IC0537".to_string()));
}

#[tokio::test]
async fn settings_change_who_controls_a_canister() {
    let network = Network::probe().await;
    let (canister, key) = (network.canister, Key::secp256k1(1));
    let hand_over = |controllers: Vec<Principal>| UpdateSettingsArgs {
        canister_id: canister,
        settings: CanisterSettings { controllers: Some(controllers), ..CanisterSettings::default() },
        sender_canister_version: None,
    };
    assert_eq!(done(&network, canister, "update_settings", &hand_over(vec![key.principal()])).await, Ok(()));
    let controllers = path([b"canister", canister.as_slice(), b"controllers"]);
    let tree = network.state(canister, &bare(read_state(ANONYMOUS, std::slice::from_ref(&controllers)))).await;
    let list = found(&tree, &controllers).expect("they are certified");
    assert_eq!(serde_cbor::from_slice::<Vec<Principal>>(&list).expect("it is a list"), [key.principal()]);

    let content = |sender| query(MANAGEMENT, sender, "canister_status", &encode(&about(canister)));
    let status = queried::<CanisterStatusResult>(&network, canister, content(key.principal()), Some(&key)).await;
    assert_eq!(status.expect("it controls it").settings.controllers, [key.principal()]);
    let status = queried::<CanisterStatusResult>(&network, canister, content(ANONYMOUS), None).await;
    assert_eq!(status.map(drop), error(5, "IC0512"));
    let back = call(MANAGEMENT, key.principal(), "update_settings", &encode(&hand_over(vec![ANONYMOUS])));
    assert!(network.call(canister, &signed(back, &key)).await.is_ok());
    assert_eq!(self::status(&network, canister).await.settings.controllers, [ANONYMOUS]);
}

/// The replica that receives such a call does not let it in: it costs the canister's owner nothing.
#[tokio::test]
async fn calls_of_others_than_controllers_are_not_let_in() {
    let network = Network::probe().await;
    let (canister, key) = (network.canister, Key::ed25519(1));
    let settings = UpdateSettingsArgs {
        canister_id: canister,
        settings: CanisterSettings::default(),
        sender_canister_version: None,
    };
    let code = install(canister, CanisterInstallMode::Reinstall, module(PROBE));
    let id = encode(&about(canister));
    for (method, argument) in [
        ("canister_status", &id),
        ("start_canister", &id),
        ("stop_canister", &id),
        ("uninstall_code", &id),
        ("update_settings", &encode(&settings)),
        ("install_code", &encode(&code)),
    ] {
        let envelope = signed(call(MANAGEMENT, key.principal(), method, argument), &key);
        assert_eq!(network.turned_away(canister, &envelope).await, (5, "IC0512".to_string()), "{method}");
    }
    let status = status(&network, canister).await;
    assert_eq!((status.status, status.module_hash), (CanisterStatusType::Running, Some(network.module_hash.clone())));
}

#[tokio::test]
async fn a_call_goes_through_the_canister_that_it_is_about() {
    let (network, canisters) = Network::start_with(&[PROBE, PROBE]).await;
    let argument = encode(&about(network.canister));
    let envelopes = [
        ("call", bare(call(MANAGEMENT, ANONYMOUS, "canister_status", &argument))),
        ("query", bare(query(MANAGEMENT, ANONYMOUS, "canister_status", &argument))),
    ];
    for (endpoint, envelope) in envelopes {
        for other in [canisters[1], MANAGEMENT] {
            let answer = network.send("v3", other, endpoint, &envelope).await;
            assert_eq!(answer.status, 400);
            let reason = format!("about canister {}, its path names {other}", network.canister);
            assert!(answer.text().contains(&reason), "{}", answer.text());
        }
        assert_eq!(network.send("v3", network.canister, endpoint, &envelope).await.status, 200);
    }
}

#[tokio::test]
async fn calls_that_are_no_users_or_about_no_canister_are_not_let_in() {
    let network = Network::probe().await;
    let canister = network.canister;
    let nothing = candid::encode_args(()).expect("it encodes");
    let id = encode(&about(canister));
    for (method, argument, code, error) in [
        ("raw_rand", &nothing, 4, "IC0408"),
        ("raw_rand", &id, 4, "IC0406"),
        ("create_canister", &id, 4, "IC0406"),
        ("deposit_cycles", &id, 4, "IC0406"),
        ("fetch_canister_logs", &id, 4, "IC0406"),
        ("missing_method", &id, 4, "IC0406"),
        ("canister_status", &nothing, 4, "IC0408"),
        ("stop_canister", &b"no candid".to_vec(), 4, "IC0408"),
        ("install_code", &encode(&"text"), 4, "IC0408"),
    ] {
        let envelope = bare(call(MANAGEMENT, ANONYMOUS, method, argument));
        assert_eq!(network.turned_away(canister, &envelope).await, (code, error.to_string()), "{method}");
    }
    // A call about a canister that is not otherwise legal is accepted and rejected.
    let envelope = bare(call(MANAGEMENT, ANONYMOUS, "install_code", &id));
    assert_eq!(network.call(canister, &envelope).await, error(4, "IC0408"));
    for (method, argument, error) in
        [("missing_query", &id, "IC0407"), ("canister_status", &nothing, "IC0408"), ("install_code", &id, "IC0407")]
    {
        let outcome = queried::<()>(&network, canister, query(MANAGEMENT, ANONYMOUS, method, argument), None).await;
        assert_eq!(outcome, self::error(4, error), "{method}");
    }
}

/// 50 bytes that claim four billion values without size. Decoding them without a limit takes minutes.
#[tokio::test]
async fn an_argument_that_claims_to_be_endless_is_given_up() {
    let network = Network::probe().await;
    let mut bomb = b"DIDL\x02\x6d\x7f\x6c\x02\x00\x00".to_vec();
    leb128::write::unsigned(&mut bomb, u64::from(candid::idl_hash("canister_id"))).expect("a vector takes all");
    bomb.extend(b"\x68\x01\x01\xff\xff\xff\xff\x0f\x01");
    bomb.push(network.canister.as_slice().len() as u8);
    bomb.extend(network.canister.as_slice());
    let limit = Duration::from_secs(5);
    let envelope = bare(call(MANAGEMENT, ANONYMOUS, "canister_status", &bomb));
    let turned_away = tokio::time::timeout(limit, network.turned_away(network.canister, &envelope)).await;
    assert_eq!(turned_away, Ok((4, "IC0408".to_string())));
    let content = query(MANAGEMENT, ANONYMOUS, "canister_status", &bomb);
    let queried = tokio::time::timeout(limit, queried::<()>(&network, network.canister, content, None)).await;
    assert_eq!(queried, Ok(error(4, "IC0408")));
}

/// The status of a call, `None` while it is not answered.
async fn polled(network: &Network, canister: Principal, envelope: &Envelope<'_>) -> Option<Outcome<Vec<u8>>> {
    let id = *envelope.content.to_request_id();
    let read = bare(read_state(ANONYMOUS, &[path([b"request_status", &id])]));
    response(&network.state(canister, &read).await, &id)
}

async fn eventually(network: &Network, canister: Principal, envelope: &Envelope<'_>) -> Outcome<Vec<u8>> {
    for _ in 0..1_000 {
        if let Some(outcome) = polled(network, canister, envelope).await {
            return outcome;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the call is not answered");
}

/// Two canisters, and a call to the first that is open until the second is released.
async fn with_open_call() -> (Network, Principal, Envelope<'static>) {
    let (network, canisters) = Network::start_with(&[PROBE, PROBE]).await;
    let hold = bare(call(network.canister, ANONYMOUS, "hold", canisters[1].as_slice()));
    assert_eq!(network.send("v2", network.canister, "call", &hold).await.status, 202);
    (network, canisters[1], hold)
}

async fn release(network: &Network, waiting: Principal) {
    let released = network.call(waiting, &bare(call(waiting, ANONYMOUS, "release", &[]))).await;
    assert_eq!(released, Ok(Vec::new()));
}

#[tokio::test]
async fn stopping_waits_for_the_open_calls() {
    let (network, waiting, hold) = with_open_call().await;
    let canister = network.canister;
    let stop = manage("stop_canister", &about(canister));
    assert_eq!(network.send("v2", canister, "call", &stop).await.status, 202);
    while status(&network, canister).await.status != CanisterStatusType::Stopping {}
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(status(&network, canister).await.status, CanisterStatusType::Stopping);
    assert_eq!(polled(&network, canister, &stop).await, None, "it is not stopped");
    assert_eq!(polled(&network, canister, &hold).await, None, "the call is open");
    let count = bare(call(canister, ANONYMOUS, "count", &[]));
    assert_eq!(network.turned_away(canister, &count).await, (5, "IC0509".to_string()));
    release(&network, waiting).await;
    assert_eq!(eventually(&network, canister, &hold).await, Ok(Vec::new()));
    let reply = eventually(&network, canister, &stop).await.expect("it stops");
    candid::decode_args::<()>(&reply).expect("it replies nothing");
    assert_eq!(status(&network, canister).await.status, CanisterStatusType::Stopped);
}

#[tokio::test]
async fn starting_a_canister_that_is_stopping_cancels_that() {
    let (network, waiting, hold) = with_open_call().await;
    let canister = network.canister;
    let stop = manage("stop_canister", &about(canister));
    assert_eq!(network.send("v2", canister, "call", &stop).await.status, 202);
    while status(&network, canister).await.status != CanisterStatusType::Stopping {}
    assert_eq!(done(&network, canister, "start_canister", &about(canister)).await, Ok(()));
    assert_eq!(eventually(&network, canister, &stop).await, error(5, "IC0511"));
    assert_eq!(status(&network, canister).await.status, CanisterStatusType::Running);
    release(&network, waiting).await;
    assert_eq!(eventually(&network, canister, &hold).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_stopped_canister_answers_nothing_until_it_is_started() {
    let network = Network::probe().await;
    let canister = network.canister;
    for _ in 0..2 {
        assert_eq!(done(&network, canister, "stop_canister", &about(canister)).await, Ok(()), "twice is harmless");
    }
    let count = bare(call(canister, ANONYMOUS, "count", &[]));
    assert_eq!(network.turned_away(canister, &count).await, (5, "IC0508".to_string()));
    let query = bare(query(canister, ANONYMOUS, "counted", &[]));
    let QueryResponse::Rejected { reject, .. } = network.ask(&query).await.cbor() else { panic!("it is stopped") };
    assert_eq!(reject.error_code.as_deref(), Some("IC0508"));
    assert_eq!(done(&network, canister, "start_canister", &about(canister)).await, Ok(()));
    // It was rejected and may be made again.
    assert_eq!(network.call(canister, &count).await, self::count(1));
}

#[tokio::test]
async fn logs_are_for_those_whom_the_settings_let_read_them() {
    let network = Network::probe().await;
    let (canister, key) = (network.canister, Key::p256(1));
    for line in ["one", "two"] {
        let logged = network.call(canister, &bare(call(canister, ANONYMOUS, "log", line.as_bytes()))).await;
        assert_eq!(logged, Ok(Vec::new()));
    }
    let read = async |sender: Principal, key: Option<&Key>| {
        let content = query(MANAGEMENT, sender, "fetch_canister_logs", &encode(&about(canister)));
        let result: FetchCanisterLogsResult = queried(&network, canister, content, key).await?;
        let records = result.canister_log_records.into_iter();
        Ok(records.map(|record| String::from_utf8(record.content).expect("it is a text")).collect::<Vec<_>>())
    };
    let both = Ok(vec!["one".to_string(), "two".to_string()]);
    assert_eq!(read(ANONYMOUS, None).await, both);
    assert_eq!(read(key.principal(), Some(&key)).await, error(5, "IC0512"));
    let visible = async |log_visibility| {
        let settings = CanisterSettings { log_visibility: Some(log_visibility), ..CanisterSettings::default() };
        let argument = UpdateSettingsArgs { canister_id: canister, settings, sender_canister_version: None };
        assert_eq!(done(&network, canister, "update_settings", &argument).await, Ok(()));
    };
    visible(LogVisibility::AllowedViewers(vec![key.principal()])).await;
    assert_eq!(read(key.principal(), Some(&key)).await, both);
    visible(LogVisibility::Controllers).await;
    assert_eq!(read(key.principal(), Some(&key)).await, error(5, "IC0512"));
    visible(LogVisibility::Public).await;
    assert_eq!(read(key.principal(), Some(&key)).await, both);
}
