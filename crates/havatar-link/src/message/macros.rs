//! The macros that define the messages of a direction: fields, length, body and frame.

/// Messages with their fields in the order of the wire, and the length that the specification gives each: the
/// compiler checks that the fields add up to it. `Display` says the fields as the test vectors do.
macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident, $length:literal bytes {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        const _: () = assert!(
            $length == $crate::message::header::HEADER_BYTES $(+ <$type as $crate::message::wire::Field>::SIZE)*
            && $length <= $crate::frame::BODY_MAX
        );

        impl $name {
            pub(crate) fn write(&self, to: &mut $crate::message::wire::Writer) {
                $($crate::message::wire::Field::write(&self.$field, to);)*
            }

            pub(crate) fn read(from: &mut $crate::message::wire::Reader<'_>) -> Option<Self> {
                Some(Self { $($field: $crate::message::wire::Field::read(from)?,)* })
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let mut gap = "";
                $(
                    write!(f, "{gap}{}=", stringify!($field))?;
                    $crate::message::wire::Field::show(&self.$field, f)?;
                    gap = " ";
                )*
                let _ = gap;
                Ok(())
            }
        }
    )*};
}
pub(crate) use messages;

/// All messages of one direction: the enum over them, and the way to and from a body.
macro_rules! direction {
    ($(#[$doc:meta])* $name:ident { $($(#[$message_doc:meta])* $message:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$message_doc])* $message($message),)*
        }

        impl $name {
            /// Its type.
            pub fn kind(&self) -> $crate::message::values::Kind {
                match self {
                    $(Self::$message(_) => $crate::message::values::Kind::$message,)*
                }
            }

            /// The frame that carries it.
            pub fn frame(&self, session: u32, seq: u32) -> $crate::frame::Frame {
                $crate::message::header::frame_of(&self.body(session, seq))
            }

            /// Reads a body, as [`Decoder`](crate::frame::Decoder) found it.
            pub fn decode(
                body: &[u8],
            ) -> Result<($crate::message::header::Header, Self), $crate::message::header::MessageError> {
                let (header, mut rest) = $crate::message::header::Header::split(body)?;
                let message = match header.kind {
                    $($crate::message::values::Kind::$message => $message::read(&mut rest).map(Self::$message),)*
                    other => return Err($crate::message::header::MessageError::Unexpected(other)),
                };
                match message {
                    Some(message) if rest.0.is_empty() => Ok((header, message)),
                    _ => Err($crate::message::header::MessageError::Malformed { kind: header.kind, length: body.len() }),
                }
            }

            pub(crate) fn body(&self, session: u32, seq: u32) -> $crate::message::wire::Writer {
                let mut to = $crate::message::header::Header { kind: self.kind(), session, seq }.begin();
                match self {
                    $(Self::$message(message) => message.write(&mut to),)*
                }
                to
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self {
                    $(Self::$message(message) => write!(f, "{} {message}", self.kind()),)*
                }
            }
        }

        $(
            impl From<$message> for $name {
                fn from(message: $message) -> Self {
                    Self::$message(message)
                }
            }
        )*
    };
}
pub(crate) use direction;
