//! The bundles of a label's devices, verified.

use directory::api::BundleError;
use directory_core::bundle::{Bundle, BundleError as Refused};
use directory_core::label::Label;
use directory_core::profile::Profile;
use directory_core::verify::Verified;

use super::client::DirectoryClient;
use super::lookup::malformed;
use crate::error::CallError;
use crate::read::Lie;
use crate::transport::Transport;
use crate::verify::clock;

impl<T: Transport> DirectoryClient<T> {
    /// Reads the bundles of a label and verifies them against the profile that a look-up has shown: each is signed by one of its
    /// devices, for this label, and has not expired. `seen` are the newest bundles that the client has seen: an older one of the
    /// same device is a lie. So is a second one. Bundles of devices that the profile does not list are left out: they may be of a
    /// device that it listed before. Only one replica says that a device has no bundle.
    ///
    /// # Errors
    ///
    /// As [`DirectoryClient::send`], and if a bundle does not verify.
    pub async fn bundles(
        &self,
        label: &Label,
        verified: &Verified,
        seen: &[Bundle],
    ) -> Result<Vec<Bundle>, CallError<BundleError>> {
        let profile = verified.profile.as_ref().ok_or(CallError::Refused(BundleError::NoProfile))?;
        let malformed = |error| malformed("get_bundles", error);
        let profile = Profile::decode(profile).map_err(malformed)?;
        let mut bundles = Vec::<Bundle>::new();
        for bytes in self.get_bundles(label).await? {
            let bundle = Bundle::decode(&bytes).map_err(malformed)?;
            let is_same_device = |other: &&Bundle| other.content.device == bundle.content.device;
            // The directory has one bundle of a device. A second one is not newer than the first.
            if let Some(first) = bundles.iter().find(is_same_device) {
                return Err(CallError::Lie(Lie::Bundle(Refused::NotNewer { stored: first.content.issued })));
            }
            let newest = seen.iter().find(is_same_device);
            match bundle.verify(&self.trusted.realm, &verified.index, &profile, newest, clock()) {
                Ok(()) => bundles.push(bundle),
                Err(Refused::UnknownDevice(_)) => {}
                Err(error) => return Err(CallError::Lie(Lie::Bundle(error))),
            }
        }
        Ok(bundles)
    }
}
