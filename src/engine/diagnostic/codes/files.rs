//! Codes about files and directories as a whole.

use super::{Code, Severity};

codes! {
    BEING_WRITTEN "being-written" [Error]
        "A file changed each time while it was read."
    BINARY_FILE "binary-file" [Error]
        "A file holds a NUL byte, so it is not text."
    EMPTIED "emptied" [Error]
        "The configuration file holds no setting any more."
    FILE_TOO_LARGE "file-too-large" [Error]
        "A file is larger than the limit."
    FOREIGN_OWNER "foreign-owner" [Warning]
        "A file that decides where mail goes belongs to a user who has no part in it."
    INTERNAL_ERROR "internal-error" [Error]
        "readdress has a fault: reading the files failed in a way that no file should cause."
    LINE_TOO_LONG "line-too-long" [Error]
        "A line is longer than the limit."
    LINK_TO_PRIVATE_FILE "link-to-private-file" [Error]
        "A link leads to a file that the owner of the link may not read."
    NO_PERMISSION "no-permission" [Error]
        "The user that runs readdress may not read a file or a directory."
    NO_RULES "no-rules" [Warning]
        "There is no rule in any file."
    NOT_A_FILE "not-a-file" [Error]
        "A name that ends like a file of rules belongs to a directory, a pipe, a socket or a device."
    NOT_ENOUGH_MEMORY "not-enough-memory" [Error]
        "There is not enough memory for a second table beside the one in use."
    SUBDIRECTORY "subdirectory" [Warning]
        "The directory of rules has a subdirectory, whose files are not read."
    UNKNOWN_EXTENSION "unknown-extension" [Warning]
        "A file is not read, because its extension is not the extension of a known format."
    UNREADABLE "unreadable" [Error]
        "The configuration file cannot be read."
    UNREADABLE_DIRECTORY "unreadable-directory" [Error]
        "The directory of rules cannot be read."
    UNREADABLE_FILE "unreadable-file" [Error]
        "A file cannot be read."
    WRITABLE_BY_EVERYBODY "writable-by-everybody" [Warning]
        "Every user may write a file that decides where mail goes, or the directory of the rules."
}
