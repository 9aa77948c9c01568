//! Findings for people: what is wrong, the place underlined, what to do.

use super::{Colour, Located, Look};
use crate::environment::{Source, Span};
use crate::finding::Severity;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str};
use std::io::{self, Write};
use std::ops::Range;

/// Characters of a line that are kept on either side of a place; the renderer cuts further, to the width.
const MOST_AROUND: usize = 300;

pub(super) fn write(out: &mut dyn Write, source: &Source, located: &[Located<'_>], look: &Look<'_>) -> io::Result<()> {
    let renderer = match look.colour {
        Colour::Plain => Renderer::plain(),
        Colour::Ansi => Renderer::styled(),
    };
    let renderer = renderer.term_width(look.width).decor_style(DecorStyle::Ascii);
    for located in located {
        writeln!(out, "{}\n", renderer.render(&[group(source, located, look)]))?;
    }
    Ok(())
}

fn group<'a>(source: &Source, located: &Located<'_>, look: &Look<'_>) -> Group<'a> {
    let finding = located.finding;
    let level = match finding.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(neutral(&finding.message)).id(finding.code.name());
    let (origin, snippet) = shown(source, look, &finding.place.file, located.span, AnnotationKind::Primary, None);
    let mut group = Group::with_title(title).elements(origin).elements(snippet);
    for (related, span) in &located.related {
        let label = Some(neutral(&related.message));
        let (origin, snippet) = shown(source, look, &related.place.file, *span, AnnotationKind::Context, label);
        group = group.elements(origin).elements(snippet);
    }
    group.element(Level::HELP.message(neutral(located.help())))
}

type Marked<'a> = Snippet<'a, Annotation<'a>>;

/// File, line and column, and the lines themselves where the file has any text.
fn shown<'a>(
    source: &Source,
    look: &Look<'_>,
    file: &str,
    span: Span,
    kind: AnnotationKind,
    label: Option<String>,
) -> (Option<Origin<'a>>, Option<Marked<'a>>) {
    let path = neutral(&look.path(file));
    let Some(file) = source.files.get(file).filter(|file| !file.text.is_empty()) else {
        return (Some(Origin::path(path)), None);
    };
    let window = Window::around(&file.text, span);
    let snippet = Snippet::source(window.text)
        .line_start(window.line)
        .fold(false)
        .annotation(kind.span(window.range).label(label));
    if window.is_cut {
        // the renderer counts the column in what it is given, which is not the whole line
        (Some(Origin::path(path).line(span.start_line).char_column(span.start_column)), Some(snippet))
    } else {
        (None, Some(snippet.path(path)))
    }
}

/// What is shown of a file: the line before the place, and the place's first line.
struct Window {
    text: String,
    /// Number of the first line of the text.
    line: usize,
    /// The place in the text, as a byte range.
    range: Range<usize>,
    /// True when the beginning of the place's line is left out.
    is_cut: bool,
}

impl Window {
    fn around(text: &str, span: Span) -> Self {
        // a hostile file is one line of 8 MiB with a hundred thousand faults: look no further than what is shown
        let from = text.floor_char_boundary(span.byte_start.saturating_sub(8 * MOST_AROUND));
        let to = text.floor_char_boundary(span.byte_start + 8 * MOST_AROUND);
        let line_start = text[from..span.byte_start].rfind('\n').map_or(from, |end| from + end + 1);
        let line_end = text[span.byte_start..to].find('\n').map_or(to, |end| span.byte_start + end);
        let marked = text[span.byte_start..span.byte_end.min(line_end)].trim_end_matches('\r');
        let after = &text[span.byte_start + marked.len()..line_end];
        let before = &text[line_start..span.byte_start];
        let cut = before.char_indices().rev().nth(MOST_AROUND).map_or(0, |(start, _)| start);

        let mut shown = String::new();
        let mut line = span.start_line;
        if let Some(previous) = text[..line_start].strip_suffix('\n').and_then(|text| text.rsplit('\n').next()) {
            shown.push_str(&head(previous));
            shown.push('\n');
            line -= 1;
        }
        shown.push_str(&harmless(&before[cut..]));
        let start = shown.len();
        shown.push_str(&head(marked));
        let end = shown.len();
        shown.push_str(&head(after));
        Self { text: shown, line, range: start..end, is_cut: cut > 0 }
    }
}

/// The beginning of a line, without its end.
fn head(text: &str) -> String {
    harmless(&text.trim_end_matches('\r').chars().take(MOST_AROUND).collect::<String>())
}

/// Replaces, one for one so that columns stay, the control characters that the renderer would let through.
fn harmless(text: &str) -> String {
    text.replace(
        |character: char| {
            matches!(
                character,
                '\r' | '\u{80}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
            )
        },
        "�",
    )
}

/// Makes text of one line out of any text, with pictures of control characters in their place.
fn neutral(text: &str) -> String {
    normalize_untrusted_str(&harmless(&text.replace('\n', "␊")))
}
