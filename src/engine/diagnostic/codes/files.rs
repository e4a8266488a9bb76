//! Codes about files and directories as a whole.

use crate::engine::diagnostic::{
    code::{Code, Definition, Example, codes},
    severity::Severity,
};

codes! {
    BEING_WRITTEN "being-written" [Error]
        "A file changed each time while it was read."
        "Write the new text to another name, then rename it: `mv FILE.tmp FILE`."
        Command("while :; do date > 20-busy.rules; done")
    BINARY_FILE "binary-file" [Error]
        "A file holds many NUL bytes, so it is not text."
        "Save the file as text in UTF-8."
        Command("head -c 100 /dev/zero > 20-binary.rules")
    EMPTIED "emptied" [Error]
        "The configuration file holds no setting any more."
        "Save the whole file again, or accept the empty one as the finding says."
        Command(": > /etc/readdress/readdress.toml; readdress reload")
    FILE_TOO_LARGE "file-too-large" [Error]
        "A file is larger than 4 GiB."
        "Divide the file, or move it out of the directory."
        Command("truncate -s 5G 20-large.rules")
    FOREIGN_OWNER "foreign-owner" [Warning]
        "A file that decides where mail goes belongs to a user who should not own it."
        "Give the file to root: `chown root FILE`."
        Command("chown nobody 10-example.rules")
    INTERNAL_ERROR "internal-error" [Error]
        "The program has a fault: reading the files failed in a way that no file should cause."
        "Report the fault with the files, if they may be shown."
        Command("")
    LINE_TOO_LONG "line-too-long" [Error]
        "A line is longer than 65536 bytes."
        "Divide the line: a line that begins with white space continues the line above."
        Command("head -c 70000 /dev/zero | tr '\\0' a > 20-long.rules")
    LINK_TO_PRIVATE_FILE "link-to-private-file" [Error]
        "A link leads to a file that the owner of the link may not read."
        "If the link is meant to be there, give it to root: `chown -h root LINK`."
        Command("ln -s /etc/shadow 20-link.rules; chown -h nobody 20-link.rules")
    NO_PERMISSION "no-permission" [Error]
        "The user that runs readdress may not read a file or a directory."
        "Give the group `readdress` the right to read it: `chgrp readdress FILE; chmod g+r FILE`."
        Command("chmod 000 10-example.rules")
    NO_RULES "no-rules" [Warning]
        "There is no rule in any file."
        "Write rules in a file NAME.rules, or name the right directory."
        Command("rm 10-example.rules")
    NOT_A_FILE "not-a-file" [Error]
        "A name that ends like a file of rules belongs to a directory, a pipe, a socket or a device."
        "Rename it, or begin its name with a dot."
        Command("mkdir 20-more.rules")
    NOT_ENOUGH_MEMORY "not-enough-memory" [Error]
        "There is not enough memory for a second table beside the one in use."
        "Give the daemon more memory (MemoryMax= of the unit), or restart it: then there is one table only."
        Command("")
    RECORD_DAMAGED "record-damaged" [Error]
        "A text of the history is damaged, gone, or was not kept."
        "Look at the disk with the state directory, and go back to another generation."
        Command("")
    SUBDIRECTORY "subdirectory" [Warning]
        "The directory of rules has a subdirectory, whose files are not read."
        "Move the files up, or begin the name of the subdirectory with a dot."
        Command("mkdir archive")
    UNKNOWN_EXTENSION "unknown-extension" [Warning]
        "A file is not read, because its extension is not the extension of a known format."
        "Rename it to NAME.rules, or begin its name with a dot."
        Command("echo 'jd@domain2.com jd@company.com' > 20-example.rule")
    UNREADABLE "unreadable" [Error]
        "The configuration file cannot be read."
        "Correct the path, or the rights of the file."
        Command("readdress check --config missing.toml")
    UNREADABLE_DIRECTORY "unreadable-directory" [Error]
        "The directory of rules cannot be read."
        "Make the directory, or give the user that runs readdress the right to read it."
        Command("chmod 000 .")
    UNREADABLE_FILE "unreadable-file" [Error]
        "A file cannot be read."
        "Look at the reason that the finding names: a link to nothing, or a fault of the disk."
        Command("ln -s missing 20-link.rules")
    WRITABLE_BY_EVERYBODY "writable-by-everybody" [Warning]
        "Every user may write a file that decides where mail goes, or the directory of the rules."
        "Take that right away: `chmod o-w FILE`."
        Command("chmod 666 10-example.rules")
}
