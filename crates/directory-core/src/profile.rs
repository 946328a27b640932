//! The profile of a label: the long-lived keys of its devices, and bytes of the application.
//!
//! ```text
//! 0   format 1 (1)
//! 1   devices 1 (0 to 16) | devices x (Ed25519 key 33 | Curve25519 key 32), Ed25519 keys strictly ascending
//! ... length 2 | bytes of the application
//! ```

use crate::bytes::{DecodeError, Reader, decode_all, require, write_long};
use crate::policy::Key;

/// Maximum size of a profile in bytes.
pub const MAX_SIZE: usize = 8_192;
/// Maximum number of devices of a profile.
pub const MAX_DEVICES: usize = 16;
const FORMAT: u8 = 1;

/// The long-lived keys of one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Signs the device's bundles.
    pub signing: Key,
    /// The device's identity in key agreements: a Curve25519 key.
    pub identity: [u8; 32],
}

/// The data that a label's owner publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    devices: Vec<Device>,
    application: Vec<u8>,
}

impl Profile {
    /// Makes a profile; the devices may come in any order. Like the decoder, it refuses more than 16 devices, a device
    /// that occurs twice, and more than 8,192 bytes.
    pub fn new(mut devices: Vec<Device>, application: Vec<u8>) -> Result<Self, DecodeError> {
        devices.sort_by_key(|device| device.signing);
        let length = 4 + 65 * devices.len() + application.len();
        require(length <= MAX_SIZE, "profile", length as u64)?;
        let profile = Self { devices, application };
        profile.check()?;
        Ok(profile)
    }

    /// The devices in the order of their signing keys.
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// The bytes of the application.
    pub fn application(&self) -> &[u8] {
        &self.application
    }

    fn check(&self) -> Result<(), DecodeError> {
        let number = self.devices.len();
        require(number <= MAX_DEVICES, "devices", number as u64)?;
        require(self.devices.is_sorted_by(|a, b| a.signing < b.signing), "order of devices", number as u64)
    }

    /// Decodes a profile.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        require(bytes.len() <= MAX_SIZE, "profile", bytes.len() as u64)?;
        decode_all(bytes, Self::read)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.version("profile format", FORMAT)?;
        let number = reader.u8("devices")?;
        require(usize::from(number) <= MAX_DEVICES, "devices", number)?;
        let devices = (0..number)
            .map(|_| Ok(Device { signing: Key::read(reader)?, identity: reader.array("identity")? }))
            .collect::<Result<_, DecodeError>>()?;
        let profile = Self { devices, application: reader.long("application", MAX_SIZE)?.to_vec() };
        profile.check()?;
        Ok(profile)
    }

    /// Encodes the profile.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![FORMAT, self.devices.len() as u8];
        for device in &self.devices {
            device.signing.write(&mut out);
            out.extend(device.identity);
        }
        write_long(&mut out, &self.application);
        out
    }
}
