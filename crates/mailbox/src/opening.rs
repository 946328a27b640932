//! Opening a letter: one step of a ratchet, and the content, in the transaction that moves the cursor.

use crate::contacts::{introduce, is_added};
use crate::mailbox::{account_of, own};
use crate::records::{
    Arriving, Contact, Entry, Event, Identity, PIECE, Peer, Rows, Said, With, append, delete, file_keys, put,
    session_key,
};
use crate::sealing::keep;
use crate::window::Taken;
use crate::wire::card::{self, Card};
use crate::wire::content::{Body, Content, File, Id};
use crate::wire::letter::Letter;
use crate::{Error, millis, seconds};
use crypto_store::{Field, Tx, fields};
use sha2::{Digest, Sha256};
use vodozemac::Curve25519PublicKey;
use vodozemac::olm::{OlmMessage, Session, SessionConfig};

/// Maximum number of incomplete files of a device.
const MAX_ARRIVING: usize = 4;

/// The reason why a letter was not opened.
#[derive(Debug)]
pub(crate) enum Closed {
    /// It may open later: its session, or its sender, is not known yet.
    ForNow,
    /// It never will.
    ForEver(String),
    /// Its sender is not known, and there are as many contacts as may be.
    NoRoom,
    /// It came before.
    Again,
    /// The store's error.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Closed {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Opens a letter and stores its content. If it does not open, nothing changes. If a file's piece does not fit, the step of the
/// ratchet is still kept. Returns whether the session is new: then waiting letters may open.
pub(crate) fn open(tx: &mut Tx<'_>, inbox: &[u8; 29], letter: &Letter) -> Result<bool, Closed> {
    let known = known(tx, &letter.sender)?;
    let (session, plain, is_new_session) = decrypt(tx, inbox, letter)?;
    let content = Content::decode(&plain).map_err(|why| Closed::ForEver(format!("its content is malformed: {why}")))?;
    if tx.record::<Peer>(letter.sender)?.is_some_and(|mut peer| peer.received.take(content.number) == Taken::Again) {
        return Err(repeated(content.number, is_new_session));
    }
    let card = introduction(&content, letter)?;
    let trust = match (&card, &known) {
        (Some(card), _) => introduce(tx, card, &letter.sender).map_err(|error| match error {
            Error::TooManyContacts { .. } => Closed::NoRoom,
            Error::OldCard { .. } | Error::DeviceKeys(_) | Error::DeviceTaken(_) => Closed::ForEver(error.to_string()),
            error => Closed::Failed(error),
        })?,
        (None, true) => None,
        (None, false) => return Err(Closed::ForNow),
    };
    let peer = tx.record::<Peer>(letter.sender)?;
    let mut peer = peer.ok_or(Closed::ForEver("its sender's card does not have the device".into()))?;
    let contact = tx.record::<Contact>(peer.address.bytes())?;
    if contact.is_some_and(|contact| contact.trust >= crate::Trust::Added && !contact.devices.contains(&letter.sender))
    {
        return Err(Closed::ForEver("its device is not on the sender's card any more".into()));
    }
    let taken = peer.received.take(content.number);
    keep(tx, &letter.sender, &mut peer, session)?;
    if let Body::Introduction { send_key, .. } = &content.body {
        peer.send_key.clone_from(send_key);
    }
    put(tx, letter.sender, &peer)?;
    let tell =
        |tx: &mut Tx<'_>, event| append(tx, &Entry { at: millis(), with: Some(With::Person(peer.address)), event });
    if let Taken::Ahead { first, last } = taken {
        tell(tx, Event::Missing { device: letter.sender, first, last })?;
    }
    match trust {
        Some(crate::Trust::Unknown) => tell(tx, Event::Introduced)?,
        Some(crate::Trust::Changed) => tell(tx, Event::Changed)?,
        _ => {}
    }
    let Content { number, time, id, body } = content;
    let said = match body {
        Body::Text(text) => Some(Said::Text(text)),
        Body::Piece { file, piece, bytes } => arrive(tx, &letter.sender, &id, file, piece, bytes)?.map(Said::File),
        Body::Introduction { .. } | Body::NewSession => None,
    };
    if let Some(said) = said {
        tell(tx, Event::Received { id, device: letter.sender, number, time, said })?;
    }
    Ok(is_new_session)
}

/// The reason why a content is closed whose number came before. In a session that is stored no message opens twice. So there the
/// sender has used the number for two contents: its store was set back.
fn repeated(number: u64, is_new_session: bool) -> Closed {
    if is_new_session {
        return Closed::Again;
    }
    Closed::ForEver(format!(
        "its number {number} came before, or is too old: an old copy of its sender's mailbox may have sent it"
    ))
}

/// Whether it is known who has a device. A person whom the user has not added may have listed a device of somebody else: it must
/// introduce itself.
fn known(tx: &Tx<'_>, device: &Identity) -> Result<bool, Error> {
    let Some(peer) = tx.record::<Peer>(device)? else { return Ok(false) };
    Ok(!peer.received.is_empty() || is_added(tx, &peer.address)?)
}

/// Decrypts with the letter's session, or with a new one. Returns the session as it is then, which is not stored yet.
fn decrypt(tx: &Tx<'_>, inbox: &[u8; 29], letter: &Letter) -> Result<(Session, Vec<u8>, bool), Closed> {
    let stored = tx.get::<Session>(session_key(&letter.sender, &letter.session)).map_err(Error::from)?;
    match (stored, &letter.message) {
        (Some(held), message) => {
            let mut session = held.copy();
            let plain = session.decrypt(message).map_err(|why| Closed::ForEver(format!("its session: {why}")))?;
            Ok((session, plain, false))
        }
        (None, OlmMessage::PreKey(message)) => {
            // This is a copy, because fallback keys are not used up. A bundle names the inbox and its fallback key.
            let mut account = account_of(tx, &own(tx)?, inbox)?;
            let sender = Curve25519PublicKey::from_bytes(letter.sender);
            let created = account.create_inbound_session(SessionConfig::version_1(), sender, message);
            let created = created.map_err(|why| Closed::ForEver(format!("its first message: {why}")))?;
            Ok((created.session, created.plaintext, true))
        }
        (None, OlmMessage::Normal(_)) => Err(Closed::ForNow),
    }
}

/// The card of an introduction. It must list the sending device.
fn introduction(content: &Content, letter: &Letter) -> Result<Option<Card>, Closed> {
    let Body::Introduction { card, .. } = &content.body else { return Ok(None) };
    let card = card::verify(card, seconds()).map_err(|why| Closed::ForEver(why.to_string()))?;
    let is_sender = card.devices.iter().any(|device| device.identity == letter.sender);
    if is_sender { Ok(Some(card)) } else { Err(Closed::ForEver("its card belongs to another device".into())) }
}

/// Stores a piece. Returns the file if this was the last piece.
fn arrive(
    tx: &mut Tx<'_>,
    sender: &Identity,
    id: &Id,
    file: File,
    piece: u32,
    bytes: Vec<u8>,
) -> Result<Option<File>, Closed> {
    let (record, pieces) = file_keys(sender, id);
    let again = || Closed::ForEver("its piece came before".into());
    let mut arriving = match tx.record::<Arriving>(&record)? {
        Some(arriving) if arriving.file == file => arriving,
        Some(_) => return Err(Closed::ForEver("its piece is of another file".into())),
        // The pieces of a whole file stay. Another file of its id would take them along when it is dropped.
        None if !tx.range::<fields::Message>(&pieces, b"", 1).map_err(Error::from)?.is_empty() => return Err(again()),
        None => {
            make_room(tx, sender)?;
            Arriving { file, pieces: 0 }
        }
    };
    let key = [&pieces[..], &piece.to_be_bytes()].concat();
    if tx.get::<fields::Message>(&key).map_err(Error::from)?.is_some() {
        return Err(again());
    }
    tx.put(key, fields::Message { format: PIECE, bytes }).map_err(Error::from)?;
    arriving.pieces += 1;
    if arriving.pieces < arriving.file.pieces() {
        put(tx, record, &arriving)?;
        return Ok(None);
    }
    if bytes_of(tx, &pieces, &arriving.file)?.is_none() {
        forget(tx, &record, &pieces, &arriving.file)?;
        return Err(Closed::ForEver("its file does not have the sender's hash".into()));
    }
    delete::<Arriving>(tx, record)?;
    Ok(Some(arriving.file))
}

/// Drops an incomplete file.
fn forget(tx: &mut Tx<'_>, record: &[u8], pieces: &[u8], file: &File) -> Result<(), Error> {
    for piece in 0..file.pieces() {
        tx.delete::<fields::Message>([pieces, &piece.to_be_bytes()].concat())?;
    }
    delete::<Arriving>(tx, record)
}

/// Drops all incomplete files of a device, if they are the maximum number.
fn make_room(tx: &mut Tx<'_>, sender: &Identity) -> Result<(), Error> {
    let prefix = [b"file", &sender[..]].concat();
    let arriving = tx.records::<Arriving>(&prefix, b"", MAX_ARRIVING)?;
    if arriving.len() < MAX_ARRIVING {
        return Ok(());
    }
    for (record, arriving) in arriving {
        let id: Id = *record.last_chunk().expect("the key ends with the id");
        let (_, pieces) = file_keys(sender, &id);
        forget(tx, &record, &pieces, &arriving.file)?;
    }
    Ok(())
}

/// The bytes of a file, joined from its pieces. `None`: they do not have the sender's hash, or were dropped.
pub(crate) fn bytes_of(rows: &impl Rows, pieces: &[u8], file: &File) -> Result<Option<Vec<u8>>, Error> {
    let mut bytes = Vec::with_capacity(usize::try_from(file.size).expect("files are bounded"));
    for piece in 0..file.pieces() {
        let key = [pieces, &piece.to_be_bytes()].concat();
        let Some(held) = rows.one::<fields::Message>(&key)? else { return Ok(None) };
        bytes.extend(&held.bytes);
    }
    Ok((Sha256::digest(&bytes)[..] == file.hash).then_some(bytes))
}

/// Whether a device is a contact's, who may be answered.
pub(crate) fn is_answerable(tx: &Tx<'_>, device: &Identity, peer: &Peer) -> Result<bool, Error> {
    let contact = tx.record::<Contact>(peer.address.bytes())?;
    Ok(contact.is_some_and(|contact| contact.trust >= crate::Trust::Added && contact.devices.contains(device)))
}
