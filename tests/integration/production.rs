//! The settings that `icp.yaml` and `dfx.json` deploy, and a flood of strangers against them.

use candid::types::TypeInner;
use candid::{Principal, decode_args, encode_args};
use candid_parser::utils::CandidSource;
use local_ic::LocalIc;
use message_canister::api::*;
use message_canister::limits::{MAX_BATCH_MESSAGES, MAX_LOOKUP_ITEMS};
use message_canister::settings::Configuration;
use serde_bytes::ByteBuf;
use std::fs;
use std::rc::Rc;
use test_support::artifact::root;
use test_support::scale;

use crate::support::client::init_argument;
use crate::support::{Inbox, embedded};

fn file(name: &str) -> String {
    fs::read_to_string(root().join(name)).expect("the file is there")
}

/// The argument as the tools encode it: by the types of `canister.did`.
fn settings(text: &str) -> Vec<Setting> {
    let did = file("canister.did");
    let (types, actor) = CandidSource::Text(&did).load().expect("the interface is valid");
    let actor = actor.expect("there is a service");
    let TypeInner::Class(init, _) = actor.as_ref() else { panic!("the service has an argument") };
    let init = init.clone();
    let arguments = candid_parser::parse_idl_args(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let bytes = arguments.to_bytes_with_types(&types, &init).expect("they are of these types");
    decode_args::<(Option<Vec<Setting>>,)>(&bytes).expect("settings").0.expect("there are some")
}

/// The block of `icp.yaml` that ends with its indentation.
fn of_icp() -> Vec<Setting> {
    let yaml = file("icp.yaml");
    let (_, block) = yaml.split_once("init_args: |\n").expect("a block");
    settings(&block.lines().take_while(|line| line.starts_with("      ")).collect::<Vec<_>>().join("\n"))
}

fn of_dfx() -> Vec<Setting> {
    let json: serde_json::Value = serde_json::from_str(&file("dfx.json")).expect("it is JSON");
    settings(json["canisters"]["message-canister"]["init_arg"].as_str().expect("a text"))
}

#[test]
fn both_files_deploy_the_same_closed_store() {
    assert_eq!(of_icp(), of_dfx());
    let mut configuration = Configuration::default();
    configuration.apply(&of_icp()).expect("they are possible");
    assert_eq!(configuration.reads, Reads::owners);
    let unlimited = Configuration::default().settings();
    for setting in configuration.settings() {
        let is_default = unlimited.contains(&setting);
        let kept = matches!(setting, Setting::rebuild_pages(_) | Setting::writes(Writes::anyone));
        assert_eq!(is_default, kept, "{setting:?}");
    }
}

/// A call may use more than what is left of its caller's rate, and the group is shut once nothing is left of its burst.
#[test]
fn one_member_or_owner_alone_shuts_nobody_out_with_one_burst() {
    let mut configuration = Configuration::default();
    configuration.apply(&of_icp()).expect("they are possible");
    for (budget, largest_call) in
        [(configuration.members, MAX_BATCH_MESSAGES as u32), (configuration.owners, MAX_LOOKUP_ITEMS as u32)]
    {
        let (items, each) = (budget.items.limit().expect("a rate"), budget.each.limit().expect("a rate"));
        assert!(each.burst - 1 + largest_call < items.burst, "{budget:?}");
        assert!(each.per_second < items.per_second, "{budget:?}");
    }
}

fn person(number: u32) -> Principal {
    Principal::self_authenticating([&b"person "[..], &number.to_le_bytes()].concat())
}

const MEMBERS: u32 = 100;
const STRANGERS_A_BLOCK: u32 = 1_000;

/// The effects of a flood on a store.
#[derive(Debug, Default)]
struct Flood {
    let_in: u64,
    stored: u64,
    cycles: u128,
}

/// Blocks of a second each, in which as many strangers as fit send a message, and two members one. Each stranger is new.
fn flood(settings: &[Setting], blocks: u32) -> Flood {
    let engine = Rc::new(embedded::start());
    let inbox = Inbox::installed(engine.clone(), Some(settings));
    inbox.set_clock(0);
    inbox.settle();
    for member in 0..MEMBERS {
        inbox.set_role(person(member), Some(Role::writer)).expect("a role");
    }
    let before = engine.cycle_balance(inbox.id);
    let mut result = Flood::default();
    let mut sent = Vec::new();
    for block in 0..blocks {
        inbox.set_clock(block + 1);
        let strangers = (0..STRANGERS_A_BLOCK).map(|number| MEMBERS + block * STRANGERS_A_BLOCK + number);
        let members = [block * 2, block * 2 + 1].map(|number| number % MEMBERS);
        let message = |sender: u32, to: u32| {
            let text = [&b"message "[..], &block.to_le_bytes(), &sender.to_le_bytes()].concat();
            (ByteBuf::from(person(to).as_slice()), ByteBuf::from(text))
        };
        let submit = |sender: u32, to: u32| {
            let arg = encode_args(message(sender, to)).expect("it can be encoded");
            engine.submit_call(inbox.id, person(sender), "add_message", arg)
        };
        // The strangers come first, all of them before the block.
        let pending: Vec<_> = strangers.filter_map(|number| submit(number, number % MEMBERS).ok()).collect();
        result.let_in += pending.len() as u64;
        let of_members = members.map(|member| submit(member, (member + 1) % MEMBERS).expect("members are let in"));
        let answer = |id| {
            let reply = engine.await_call(id).expect("a reply");
            decode_args::<(Result<Added, AddError>,)>(&reply).expect("a result").0
        };
        result.stored += pending.into_iter().map(answer).filter(Result::is_ok).count() as u64;
        for (member, id) in members.into_iter().zip(of_members) {
            assert!(answer(id).is_ok(), "a member's message of block {block}");
            sent.push(((member + 1) % MEMBERS, message(member, (member + 1) % MEMBERS).1));
        }
    }
    result.cycles = before - engine.cycle_balance(inbox.id);
    assert_members_have_their_mail(&engine, &inbox, &sent);
    result
}

/// Each member finds the messages that were sent to it in its mailbox.
fn assert_members_have_their_mail(engine: &Rc<LocalIc>, inbox: &Inbox, sent: &[(u32, ByteBuf)]) {
    for member in 0..MEMBERS.min(sent.len() as u32) {
        let inbox = Inbox { caller: person(member), platform: engine.clone(), ..inbox.clone() };
        let mut found = Vec::new();
        let mut start = Start::beginning;
        loop {
            let cursor = KeyCursor { start, order: Order::ascending, limit: u32::MAX, prove: false };
            let page = inbox.page_of_key(person(member).as_slice(), cursor).expect("a page");
            found.extend(page.messages.into_iter().map(|message| message.ciphertext));
            if page.next == 0 {
                break;
            }
            start = Start::after(page.next);
        }
        for (to, text) in sent.iter().filter(|(to, _)| *to == member) {
            assert!(found.contains(text), "a message to member {to} is lost");
        }
    }
}

/// 100 blocks by default, the whole hour with `--full`. docs/security.md has the figures.
#[test]
fn a_flood_of_strangers_costs_its_budget_and_keeps_no_member_out() {
    let blocks = if scale() == 1 { 100 } else { 3_600 };
    let production = of_icp();
    assert!(init_argument(Some(&production)).len() < 10_000);
    let flood_there = flood(&production, blocks);
    // A burst of 200, then five a second.
    let most = 200 + 5 * u64::from(blocks);
    assert!(flood_there.stored <= most + 1, "{flood_there:?}");
    // Refused calls delay the next by a minute at most, and half a burst comes back in 20 seconds: 100 in 80 seconds.
    assert!(flood_there.stored >= u64::from(blocks), "the budget is there to be used: {flood_there:?}");
    let few = blocks.min(5);
    let flood_before = flood(&[], few);
    let each = flood_before.cycles / u128::from(few * (STRANGERS_A_BLOCK + 2));
    println!("production, {blocks} blocks of {STRANGERS_A_BLOCK} strangers: {flood_there:?}");
    println!("without budgets, {few} blocks: {flood_before:?}, {each} cycles a message");
    assert_eq!(flood_before.stored, u64::from(few * STRANGERS_A_BLOCK));
    // The members' own budget pays for members: two adds a block.
    let members = each * 2 * u128::from(blocks);
    assert!(flood_there.cycles < 1_000_000_000_000 + members * 2, "{flood_there:?}");
}
