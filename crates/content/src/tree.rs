//! Notes as a syntax tree of bounded depth.

use comrak::nodes::{Ast, LineColumn, NodeValue};
use comrak::{Arena, Node, Options, try_parse_document};

use crate::budget::{Allowance, OverBudget, source_afford};
use crate::source::source_clean;

/// The largest depth of a tree. Deeper content is shown as plain text, since it helps no reader. All code that walks
/// the tree may then use recursion.
pub(crate) const TREE_DEPTH: usize = 48;

/// Parses notes as GitHub-flavoured Markdown: CommonMark with tables, strikethrough, bare links and task lists. The
/// tree is at most [`TREE_DEPTH`] deep.
///
/// # Errors
///
/// [`OverBudget`] if the notes exceed a limit of the budget.
pub(crate) fn tree_parse<'a>(arena: &'a Arena<'a>, markdown: &str) -> Result<Node<'a>, OverBudget> {
    source_afford(markdown)?;
    let steps = Allowance::parser_steps();
    let parsed = try_parse_document(arena, &source_clean(markdown), &options(), &|| !steps.take(1));
    let root = parsed.map_err(|_| OverBudget)?;
    // No recursion here: the tree may still have any depth.
    let nodes = Allowance::nodes();
    if !root.descendants().all(|_| nodes.take(1)) {
        return Err(OverBudget);
    }
    depth_bound(arena, root, 0);
    Ok(root)
}

/// Returns the options of both the parser and the HTML writer.
pub(crate) fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.tasklist = true;
    options
}

/// Makes a node of the tree.
pub(crate) fn node_new<'a>(arena: &'a Arena<'a>, value: NodeValue) -> Node<'a> {
    arena.alloc(Ast::new(value, LineColumn { line: 0, column: 0 }).into())
}

fn depth_bound<'a>(arena: &'a Arena<'a>, node: Node<'a>, depth: usize) {
    // A table takes two more levels, and none of them can be text.
    let is_table = matches!(node.data().value, NodeValue::Table(_));
    if depth + if is_table { 2 } else { 0 } < TREE_DEPTH {
        for child in node.children() {
            depth_bound(arena, child, depth + 1);
        }
    } else if node.first_child().is_some() {
        let text = text_flat(node);
        for child in node.children().collect::<Vec<_>>() {
            child.detach();
        }
        text_place(arena, node, text);
    }
}

/// Puts text into a node without children, in the form that the node's kind allows.
fn text_place<'a>(arena: &'a Arena<'a>, node: Node<'a>, text: String) {
    let text = node_new(arena, NodeValue::Text(text.into()));
    let value = &mut node.data_mut().value;
    if matches!(value, NodeValue::Item(_) | NodeValue::TaskItem(_)) {
        let paragraph = node_new(arena, NodeValue::Paragraph);
        paragraph.append(text);
        node.append(paragraph);
    } else {
        if value.block() && !value.contains_inlines() {
            *value = NodeValue::Paragraph;
        }
        node.append(text);
    }
}

/// Returns all text under a node on one line. It does not recurse, so the subtree may have any depth.
pub(crate) fn text_flat(node: Node<'_>) -> String {
    let mut text = String::new();
    for descendant in node.descendants() {
        match &descendant.data().value {
            NodeValue::Text(literal) => text.push_str(literal),
            NodeValue::Code(code) => text.push_str(&code.literal),
            NodeValue::SoftBreak | NodeValue::LineBreak => text.push(' '),
            value if value.block() && !text.is_empty() => text.push(' '),
            _ => {}
        }
    }
    text
}
