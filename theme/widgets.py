"""Widgets in the built book: the package's current code and each model's weights, once, and a place where they start.

A notebook stores a widget's traits and the *names* of its code and weights. Here each stored widget becomes a <div> with
those names, its traits and its picture; assets/host.js starts it in the reader's browser when it comes near. A Markdown
page gets one by the directive, without a notebook:

    ```{lm-widget} AttentionExplorer
    {"text": "Anna Bell had a red key. She", "layer": 2, "head": 1}
    ```
"""
import base64
import hashlib
import json
from functools import cache
from html import escape
from importlib import import_module
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.ext.autodoc.mock import mock
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from traitlets import TraitType

from lmcourse.models import layouts
from lmcourse.packaged import MINILM, WeightsDamaged, installed
from lmcourse.widgets import bundle, sources, weights
from lmcourse.widgets.sources import ENCODER, Source
from lmcourse.widgets.stored import STATE, is_ours
from lmcourse.widgets.weights import pack_folder, pack_minilm
from lmcourse.world import next_words
from theme.minify import minify
from theme.places import VIEW, ways

log = logging.getLogger(__name__)
PART = 3_000_000                                                    # bytes of weights in a script: 4 MB of base64
HIDDEN = ("_", "layout", "tabbable", "tooltip", "carrier", "code", "weights", "missing")       # traits that the page does not need
IN_PAGES = ("AttentionExplorer", "OneSentence")                     # widgets that a Markdown page may hold: their traits alone say all


class lm_widget(nodes.General, nodes.Element):
    """A stored widget: id, code, weights, traits (JSON); its children are its picture."""


class WidgetDirective(SphinxDirective):
    """```{lm-widget} CLASS``` with the traits as JSON; `:model:` names a bundled model, `:alt:` says what is to be seen."""
    required_arguments = 1
    has_content = True
    option_spec = {"model": directives.unchanged, "alt": directives.unchanged}

    def run(self):
        name = self.arguments[0]
        try:
            given = json.loads("\n".join(self.content) or "{}")
        except ValueError as error:
            raise self.error(f"the traits of {name} are not JSON: {error}") from error
        try:
            node = page_node(self.env.app, name, given, self.options, f"lm-page-{self.env.new_serialno('lm-widget')}")
        except ValueError as error:
            raise self.error(str(error)) from error
        self.set_source_info(node)
        return [node]


def page_node(app, name, given, options, id):
    """The place of a widget that no notebook stores: its class's defaults but for the traits `given`. ValueError says what is wrong."""
    if name not in IN_PAGES:
        raise ValueError(f"there is no widget {name!r} for a page without a notebook; there are {', '.join(IN_PAGES)}")
    cls, model = widget_class(name), options.get("model", "course-gpt")
    traits = synced(cls)
    if unknown := set(given) - set(traits):
        raise ValueError(f"{name} has no trait {sorted(unknown)}; it has {', '.join(traits)}")
    if (weights := _weights(app).get(model)) is None:
        raise ValueError(f"there is no bundled model {model!r}; there is {', '.join(_weights(app)) or 'none'}")
    values = {trait: found.default() for trait, found in traits.items()} | given
    if "exact" in traits:
        values["exact"] = cls.known(values["text"], next_words)
    values["limits"] = {trait: found.limits() for trait, found in traits.items() if hasattr(found, "limits")}
    node = lm_widget(id=id, code=bundle.code_name(name), weights=weights[0], described=options.get("alt") or values["text"],
                     traits=json.dumps({**values, "weights": weights[0]}, ensure_ascii=False))
    node += nodes.paragraph(node["described"], node["described"])
    return node


@cache
def widget_class(name):
    """The Python class of a widget, read where nothing is installed that a kernel needs."""
    with mock(["anywidget", "ipywidgets"]):
        return getattr(import_module(f"lmcourse.widgets.{bundle.file_name(name)}"), name)


def synced(cls):
    """{name: trait} of a widget's class: what a page is told, but for what every widget has."""
    return {name: trait for each in reversed(cls.__mro__) for name, trait in vars(each).items()
            if isinstance(trait, TraitType) and trait.metadata.get("sync") and not name.startswith((*HIDDEN, "limits", "described"))}


def take_stored(app, doctree):
    """Replace each output that shows a widget: ours by an lm_widget, a classic one by its picture or nothing."""
    files = getattr(app.env, "nb_metadata", {}).get(app.env.docname, {}).get("js_files", {})
    body = files.pop("ipywidgets_state", (None, {}))[1].get("body", "{}")
    for key in [key for key in files if key.startswith("ipywidgets_")]:
        files.pop(key)
    state = json.loads(body).get("state", {})
    for output in list(doctree.findall(lambda n: isinstance(n, nodes.container) and n.get("nb_element") == "mime_bundle")):
        views = [child for child in output.children if child["mime_type"] == VIEW]
        for view in views:
            model_id = json.loads(view.children[0].astext().split(">", 1)[1].rsplit("<", 1)[0])["model_id"]
            record = state.get(model_id)
            output.remove(view)
            if record and is_ours(record):
                output.replace_self(_stored(model_id, record["state"], output))
            else:
                for child in [c for c in output.children if c["mime_type"] == "text/plain"]:
                    output.remove(child)                            # "IntSlider(value=3)" says nothing to a reader


def node_of(model_id, state):
    """The place of a widget with this stored state, without a picture."""
    traits = {name: value for name, value in state.items() if not name.startswith(HIDDEN) or name == "weights"}
    return lm_widget(id=model_id, code=state["code"], weights=state.get("weights", ""), traits=json.dumps(traits, ensure_ascii=False))


def _stored(model_id, state, output):
    """The same, with the picture that the output holds."""
    node = node_of(model_id, state)
    node.source, node.line = output.source, output.line
    node += [image for child in output.children if child["mime_type"] == "image/png" for image in child.children]
    for image in node.findall(nodes.image):
        image["alt"] = state.get("described") or f"A picture of the figure {state['code'].split('@')[0]}"
    return node


def _weights(app):
    """{model: (name with digest, packed bytes)} of the bundled models that a page can run, packed once a build."""
    if not hasattr(app, "lmcourse_packed"):
        app.lmcourse_packed = {model: pack_folder(sources.DATA / model) for model in sources.bundled()}
    return app.lmcourse_packed


def _recordings():
    """(name with digest, bytes) of the recorded runs, which a page loads as it loads weights."""
    return [(found.name, found.packed) for found in map(sources.recording, sources.recordings())]


def visit_html(self, node):
    app, current = self.builder.app, bundle.code_name(node["code"].split("@")[0])
    if node["code"] != current:
        log.warning("the widget %s was stored with the code %s, the package has %s: run the notebook again (make execute)",
                    node["id"], _short(node["code"]), _short(current), location=node, type="lmcourse", subtype="code")
    if node["weights"] and node["weights"] not in [name for name, _ in [*_weights(app).values(), *_recordings()]]:
        log.warning("the widget %s needs the weights %s, which the package does not have: run the notebook again (make execute)",
                    node["id"], node["weights"], location=node, type="lmcourse", subtype="weights")
    compact = " lm-widget-compact" if json.loads(node["traits"]).get("compact") else ""
    self.body.append(f'<div class="lm-widget{compact}" data-id="{escape(node["id"])}" data-code="{escape(current)}" '
                     f'data-weights="{escape(node["weights"])}"{_ways(self.builder, node)} style="--lm-layers:{_layers(app, node)}"><div class="lm-still">')


def _ways(builder, node):
    """The attribute with the ways to other widgets, of one that has such."""
    name = node["code"].split("@")[0]
    if name not in IN_PAGES or not (opens := getattr(widget_class(name), "opens", None)):
        return ""
    found = ways(opens, node["weights"], builder.env, lambda docname: builder.get_relative_uri(builder.current_docname, docname))
    return f' data-ways="{escape(json.dumps(found, ensure_ascii=False))}"'


def _layers(app, node):
    """How many layers its model has, if it has one: the height of the place may depend on it (css/attention_explorer.css)."""
    packed = dict(_weights(app).values()).get(node["weights"])
    return Source(node["weights"], packed, None).config["n_layers"] if packed else 3


def depart_html(self, node):
    traits = node["traits"].replace("<", "\\u003c")                 # so that no text can end the script
    self.body.append(f'</div><script type="application/json">{traits}</script></div>\n')


def _short(name):
    return name[:name.index("@") + 9] + "…"


def add_host(app, pagename, templatename, context, doctree):
    """The host script and the style, on pages that hold a widget and on no other."""
    here = {node["code"].split("@")[0] for node in doctree.findall(lm_widget)} if doctree is not None else set()
    if here:
        app.add_js_file("host.js", loading_method="defer")
        for name in ["common", *sorted(here)]:
            app.add_css_file(f"widgets/{name}.css")


def write_files(app):
    """_static/widgets/<sha>.js, common.css, <Class>.css, _static/weights/<sha>.js: what the pages load when needed."""
    if app.builder.format != "html":
        return
    for folder in ("widgets", "weights"):
        (app.outdir / "_static" / folder).mkdir(parents=True, exist_ok=True)
    (app.outdir / "_static/widgets/common.css").write_text(bundle.common_style(), encoding="utf-8")
    for widget, script in minify({widget: bundle.script(widget) for widget in bundle.widgets()}).items():
        digest = bundle.code_name(widget).split("@")[1]
        (app.outdir / "_static/widgets" / f"{digest}.js").write_text(f"/* {widget} of lmcourse, shortened; to read it: lmcourse/widgets/js */\n{script}\n", encoding="utf-8")
        (app.outdir / "_static/widgets" / f"{widget}.css").write_text(bundle.own_style(widget), encoding="utf-8")
    for name, packed in [*_weights(app).values(), *_recordings()]:
        text = f"lmcourseWeights({json.dumps(name)}, \"{base64.b64encode(packed).decode()}\");\n"
        (app.outdir / "_static/weights" / f"{name.rsplit(':', 1)[1]}.js").write_text(text, encoding="utf-8")
    _write_encoder(app.outdir / "_static/weights")


def _write_encoder(folder):
    """MiniLM's weights as scripts of 4 MB, named by what they hold, and one small script that names them in order: none of them where
    its package is not installed. A build that finds them does not pack again."""
    index, missing = folder / f"{ENCODER.rsplit(':', 1)[1]}.js", f"lmcourseParts({json.dumps(ENCODER)}, 0, []);\n"
    source = hashlib.sha256(b"".join(Path(module.__file__).read_bytes() for module in (weights, layouts))).hexdigest()
    if index.is_file() and index.read_text(encoding="utf-8").endswith(f"// {source}\n"):
        return
    try:
        place = installed(MINILM)
    except WeightsDamaged as error:
        log.warning("%s", error, type="lmcourse", subtype="weights")
        place = None
    if place is None:
        log.info("the book is built without MiniLM's weights: %s is not installed; the widget that runs it says so", MINILM.pin)
        index.write_text(missing, encoding="utf-8")
        return
    packed, names = pack_minilm(place), []
    for start in range(0, len(packed), PART):
        part = packed[start:start + PART]
        names.append(f"minilm-part@sha256:{hashlib.sha256(part).hexdigest()}")
        text = f"lmcourseWeights({json.dumps(names[-1])}, \"{base64.b64encode(part).decode()}\");\n"
        (folder / f"{names[-1].rsplit(':', 1)[1]}.js").write_text(text, encoding="utf-8")
    notice = f"/* {MINILM.title}, {MINILM.licence}: the weights of huggingface.co/{MINILM.hub}, rounded to eight bits. LICENSE-2.0: www.apache.org/licenses */"
    index.write_text(f"{notice}\nlmcourseParts({json.dumps(ENCODER)}, {len(packed)}, {json.dumps(names)});\n// {source}\n", encoding="utf-8")


def _remember_code(app, config):
    config.lmcourse_code = sorted(map(bundle.code_name, bundle.widgets()))        # other code: every page is read again


def setup(app):
    app.add_config_value("lmcourse_code", [], "env")
    skip = (lambda self, node: None, lambda self, node: None)
    app.add_node(lm_widget, html=(visit_html, depart_html), latex=skip, text=skip, gettext=skip)
    app.add_directive("lm-widget", WidgetDirective)
    app.connect("config-inited", _remember_code)
    app.connect("builder-inited", write_files)
    app.connect("doctree-read", take_stored, priority=100)
    app.connect("html-page-context", add_host)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
