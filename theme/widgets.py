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
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from lmcourse.models import layouts
from lmcourse.packaged import MINILM, WeightsDamaged, installed
from lmcourse.widgets import bundle, sources, weights
from lmcourse.widgets.sources import ENCODER, Source
from lmcourse.widgets.stored import STATE, is_ours
from lmcourse.widgets.weights import pack_folder, pack_minilm
from theme.minify import minify

log = logging.getLogger(__name__)
PART = 3_000_000                                                    # bytes of weights in a script: 4 MB of base64
VIEW = "application/vnd.jupyter.widget-view+json"
HIDDEN = ("_", "layout", "tabbable", "tooltip", "carrier", "code", "weights", "missing")       # traits that the page does not need
DEFAULTS = {"AttentionExplorer": {"text": "", "layer": 0, "head": 0, "view": "heatmap", "causal": True, "temperature": 1.0,
                                  "heads_off": [], "position": -1, "compact": False, "mind": "course-gpt",
                                  "words_only": False, "encoder": ENCODER}}           # widgets that a Markdown page may hold


class lm_widget(nodes.General, nodes.Element):
    """A stored widget: id, code, weights, traits (JSON); its children are its picture."""


class WidgetDirective(SphinxDirective):
    """```{lm-widget} CLASS``` with the traits as JSON; `:model:` names a bundled model, `:alt:` says what is to be seen."""
    required_arguments = 1
    has_content = True
    option_spec = {"model": directives.unchanged, "alt": directives.unchanged}

    def run(self):
        name, model = self.arguments[0], self.options.get("model", "course-gpt")
        if name not in DEFAULTS:
            raise self.error(f"there is no widget {name!r}; there are {', '.join(DEFAULTS)}")
        try:
            given = json.loads("\n".join(self.content) or "{}")
        except ValueError as error:
            raise self.error(f"the traits of {name} are not JSON: {error}") from error
        if unknown := set(given) - set(DEFAULTS[name]):
            raise self.error(f"{name} has no trait {sorted(unknown)}; it has {', '.join(DEFAULTS[name])}")
        number = self.env.new_serialno("lm-widget")
        weights = _weights(self.env.app).get(model)
        if weights is None:
            raise self.error(f"there is no bundled model {model!r}; there is {', '.join(_weights(self.env.app)) or 'none'}")
        node = lm_widget(id=f"lm-page-{number}", code=bundle.code_name(name), weights=weights[0],
                         traits=json.dumps({**DEFAULTS[name], **given, "weights": weights[0]}, ensure_ascii=False))
        text = self.options.get("alt") or given.get("text", "")
        node += nodes.paragraph(text, text)
        self.set_source_info(node)
        return [node]


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
    """{model: (name with digest, packed bytes)} of the bundled models, packed once a build."""
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
                     f'data-weights="{escape(node["weights"])}" style="--lm-layers:{_layers(app, node)}"><div class="lm-still">')


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
