//! Status, code and retry of each error of the modules below.

use havatar_api::Refusal;
use http::StatusCode;

use crate::auth::SignInError;
use crate::media::{ControlError, DeviceTestError, MediaError};
use crate::phrases::PhrasesError;
use crate::recordings::RecordingError;
use crate::robot::RobotError;
use crate::speech::SpeechError;

use super::DomainError;

impl DomainError for MediaError {
    fn classify(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NoSuchProcess(_) => (StatusCode::NOT_FOUND, "no_such_process"),
            Self::Busy | Self::Supervisor(_) => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::ShuttingDown => (StatusCode::SERVICE_UNAVAILABLE, "shutting_down"),
            Self::MediaMtx(_) => (StatusCode::SERVICE_UNAVAILABLE, "mediamtx_away"),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        (self.classify().0 == StatusCode::SERVICE_UNAVAILABLE).then_some(1)
    }
}

impl DomainError for ControlError {
    fn classify(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Away => (StatusCode::CONFLICT, "camera_away"),
            Self::NoControls(_) => (StatusCode::NOT_IMPLEMENTED, "not_supported"),
            Self::Refused(_) => (StatusCode::UNPROCESSABLE_ENTITY, "out_of_range"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::Failed(_) => (StatusCode::SERVICE_UNAVAILABLE, "camera_unavailable"),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        (self.classify().0 == StatusCode::SERVICE_UNAVAILABLE).then_some(1)
    }
}

impl DomainError for DeviceTestError {
    fn classify(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::Private => (StatusCode::CONFLICT, "private"),
            Self::BadName(_) => (StatusCode::UNPROCESSABLE_ENTITY, "out_of_range"),
            Self::NotConfigured(_) => (StatusCode::NOT_IMPLEMENTED, "not_supported"),
            Self::NotRunning(_) => (StatusCode::CONFLICT, "device_not_running"),
            Self::Absent(_) => (StatusCode::NOT_FOUND, "no_such_device"),
            Self::InUse(_) => (StatusCode::CONFLICT, "device_in_use"),
            Self::NotPermitted(_) => (StatusCode::CONFLICT, "device_not_permitted"),
            Self::Failed(_) => (StatusCode::BAD_GATEWAY, "device_failed"),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        matches!(self, Self::Busy).then_some(3)
    }
}

impl DomainError for RecordingError {
    fn classify(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NoSuchRecording(_) => (StatusCode::NOT_FOUND, "no_such_recording"),
            Self::BeingWritten(_) => (StatusCode::CONFLICT, "recording_in_progress"),
            Self::NoSpace { .. } => (StatusCode::INSUFFICIENT_STORAGE, "no_space"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::ShuttingDown => (StatusCode::SERVICE_UNAVAILABLE, "shutting_down"),
            Self::MediaMtx(_) => (StatusCode::SERVICE_UNAVAILABLE, "mediamtx_away"),
            Self::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "recordings_unavailable"),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        (self.classify().0 == StatusCode::SERVICE_UNAVAILABLE).then_some(1)
    }
}

impl DomainError for RobotError {
    fn classify(&self) -> (StatusCode, &'static str) {
        let status = match self.refusal {
            Refusal::OutOfRange | Refusal::BadMessage | Refusal::Clock => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::NoLease | Refusal::LeaseLost => StatusCode::FORBIDDEN,
            Refusal::RobotOff | Refusal::RobotAway | Refusal::RobotUnknown => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::NotSupported => StatusCode::NOT_IMPLEMENTED,
            Refusal::Flood => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::CONFLICT,
        };
        (status, self.refusal.code())
    }

    fn retry_after_s(&self) -> Option<u64> {
        self.retry_after.map(|wait| wait.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(u64::MAX))
    }
}

impl DomainError for SpeechError {
    fn classify(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Text | Self::NothingSaid => (StatusCode::UNPROCESSABLE_ENTITY, "out_of_range"),
            Self::Quiet { .. } => (StatusCode::CONFLICT, "quiet_hours"),
            Self::Full => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::NoSpeaker | Self::Off | Self::NoProgram(_) => {
                (StatusCode::NOT_IMPLEMENTED, "not_supported")
            }
            Self::NoSuch => (StatusCode::NOT_FOUND, "no_such_utterance"),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        matches!(self, Self::Full).then_some(5)
    }
}

impl DomainError for PhrasesError {
    fn classify(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Range(_) => (StatusCode::UNPROCESSABLE_ENTITY, "out_of_range"),
            Self::Read(_) | Self::Write(_) => (StatusCode::SERVICE_UNAVAILABLE, "phrases_unavailable"),
        }
    }
}

impl DomainError for SignInError {
    fn classify(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Refused => (StatusCode::UNAUTHORIZED, "sign_in_refused"),
            Self::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_tries"),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Refused => None,
            Self::TooMany { wait } => Some(wait.as_secs().max(1)),
        }
    }
}
