//! The environment as written: files, text, typed content and where each value stands.
//!
//! [`load`] alone touches the disk; [`read`] is the same without it. Both report everything that is wrong with the files
//! as findings, leave out what is wrong, and go on with the rest, so that the next stage can report in the same run.

mod adopt;
pub mod files;
mod load;
mod locate;
mod prune;
mod read;
mod reading;
mod rejoin;
mod schema;
mod shape;
mod template;
mod tree;
mod words;
mod yaml;

pub use adopt::{AdoptError, FoundColumn, with_columns};
pub use load::{LoadError, MOST_BYTES, gather, load};
pub use locate::Span;
pub use read::{Content, Loaded, RawFile, Source, SourceFile, plain, read, read_beside, read_one};
pub use reading::{Reading, reading};
pub use schema::{Kind, json_schema, schemas};
pub use template::read_template;
