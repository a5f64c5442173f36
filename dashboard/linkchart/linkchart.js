/* Link chart: draws a small placed network as SVG, and tells which node was picked. All text goes through textContent. */

const SVG = "http://www.w3.org/2000/svg";
const RADIUS = 17;
const LABEL_GAP = 3;
const MIN_SCALE = 0.15;
const MAX_SCALE = 3;
const views = new Map(); // by chart name: what the reader moved, hid and zoomed, kept while the page lives

const SHAPES = {
  circle: `M ${RADIUS} 0 A ${RADIUS} ${RADIUS} 0 1 1 ${-RADIUS} 0 A ${RADIUS} ${RADIUS} 0 1 1 ${RADIUS} 0 Z`,
  square: "M -15 -15 H 15 V 15 H -15 Z",
  tile: "M -9 -15 H 9 Q 15 -15 15 -9 V 9 Q 15 15 9 15 H -9 Q -15 15 -15 9 V -9 Q -15 -15 -9 -15 Z",
  tall: "M -12 -17 H 12 V 17 H -12 Z",
  wide: "M -18 -12 H 18 V 12 H -18 Z",
  diamond: "M 0 -20 L 20 0 L 0 20 L -20 0 Z",
  hexagon: "M -9 -16 H 9 L 18 0 L 9 16 H -9 L -18 0 Z",
  house: "M 0 -18 L 17 -4 V 15 H -17 V -4 Z",
  octagon: "M -7 -17 H 7 L 17 -7 V 7 L 7 17 H -7 L -17 7 V -7 Z",
  shield: "M -15 -15 H 15 V 3 Q 15 13 0 18 Q -15 13 -15 3 Z",
  slant: "M -11 -14 H 19 L 11 14 H -19 Z",
  blocks: "M -16 -14 H -12 V -17 H 12 V -14 H 16 V 14 H 12 V 17 H -12 V 14 H -16 Z",
  roofs: "M -17 -6 L -8 -17 L 0 -8 L 8 -17 L 17 -6 V 15 H -17 Z",
  cut: "M -16 -10 L -10 -16 H 16 V 10 L 10 16 H -16 Z",
  tag: "M -17 -13 H 9 L 19 0 L 9 13 H -17 Z",
};

const make = (tag, attributes = {}, parent = null) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (parent) parent.appendChild(element);
  return element;
};

const viewOf = (name) => {
  if (!views.has(name)) {
    views.set(name, { moved: new Map(), hidden: new Set(), labels: true, scale: null, dx: 0, dy: 0 });
  }
  return views.get(name);
};

class Chart {
  constructor(root, data, pick) {
    this.root = root;
    this.data = data;
    this.pick = pick;
    this.view = viewOf(data.name);
    this.selected = data.selected;
    this.nodes = new Map(data.nodes.map((node) => [node.id, node]));
    this.neighbours = new Map(data.nodes.map((node) => [node.id, new Set()]));
    for (const edge of data.edges) {
      this.neighbours.get(edge.source).add(edge.target);
      this.neighbours.get(edge.target).add(edge.source);
    }
    this.draw();
    this.listen();
    if (this.view.scale === null) this.fit();
    else this.place();
    this.mark();
  }

  at(id) {
    return this.view.moved.get(id) ?? this.nodes.get(id);
  }

  shown(id) {
    return !this.view.hidden.has(this.nodes.get(id).kind);
  }

  draw() {
    this.root.replaceChildren();
    for (const [name, colour] of Object.entries(this.data.colours)) this.root.style.setProperty(`--${name}`, colour);
    const frame = this.element("div", "frame", this.root);
    frame.style.height = `${this.data.height}px`;
    frame.tabIndex = 0;
    frame.setAttribute("role", "application");
    frame.setAttribute("aria-label", this.data.words.alt);
    this.frame = frame;
    this.svg = make("svg", { width: "100%", height: "100%", "aria-hidden": "true" }, frame);
    const defs = make("defs", {}, this.svg);
    const hatch = make("pattern", { id: "hatch", width: 5, height: 5, patternUnits: "userSpaceOnUse" }, defs);
    hatch.setAttribute("patternTransform", "rotate(45)");
    make("rect", { width: 2, height: 5, class: "hatch" }, hatch);
    this.world = make("g", {}, this.svg);
    this.edgeLayer = make("g", {}, this.world);
    this.nodeLayer = make("g", {}, this.world);
    this.labelLayer = make("g", {}, this.svg);
    this.edges = this.data.edges.map((edge) => this.drawEdge(edge));
    this.shapes = new Map(this.data.nodes.map((node) => [node.id, this.drawNode(node)]));
    this.texts = new Map(this.data.nodes.map((node) => [node.id, this.drawLabel(node)]));
    this.drawTools(frame);
    this.drawLegend();
    this.live = this.element("div", "live", this.root);
    this.live.setAttribute("aria-live", "polite");
  }

  element(tag, name, parent) {
    const element = document.createElement(tag);
    element.className = name;
    parent.appendChild(element);
    return element;
  }

  drawEdge(edge) {
    const line = make("line", { class: `edge ${edge.own ? "" : "other"}` }, this.edgeLayer);
    make("title", {}, line).textContent = edge.text;
    return { ...edge, line };
  }

  drawNode(node) {
    const group = make("g", { class: `node ${node.band ?? ""}`, "data-id": node.id, "data-kind": node.kind });
    const style = this.data.kinds[node.kind];
    make("title", {}, group).textContent = node.title;
    const shape = SHAPES[style.shape] ?? SHAPES.circle;
    if (node.hub) make("circle", { r: RADIUS + 9, class: "hub" }, group);
    make("circle", { r: RADIUS + 7, class: "halo" }, group);
    if (node.band === "red") make("path", { d: shape, class: "double", transform: "scale(1.22)" }, group);
    make("path", { d: shape, class: "body", fill: style.fill }, group);
    make("path", { d: style.icon, class: "icon", transform: "translate(-9 -9) scale(.75)" }, group);
    if (node.mark) {
      make("circle", { cx: 14, cy: -14, r: 8, class: "badge" }, group);
      make("text", { x: 14, y: -10.5, class: "mark" }, group).textContent = node.mark;
    }
    this.nodeLayer.appendChild(group);
    return group;
  }

  drawLabel(node) {
    const text = make("text", { class: "label", "text-anchor": "middle" }, this.labelLayer);
    text.textContent = node.label;
    return text;
  }

  drawTools(frame) {
    const tools = this.element("div", "tools", frame);
    const words = this.data.words;
    const tool = (sign, name, action) => {
      const button = this.element("button", "tool", tools);
      button.type = "button";
      button.textContent = sign;
      button.title = name;
      button.setAttribute("aria-label", name);
      button.onclick = action;
    };
    tool("+", words.closer, () => this.zoom(1.25));
    tool("\u2212", words.farther, () => this.zoom(0.8));
    tool("\u2922", words.fit, () => this.fit());
    tool("Aa", words.labels, () => this.toggleLabels());
  }

  drawLegend() {
    const legend = this.element("div", "legend", this.root);
    for (const entry of this.data.legend) {
      const button = this.element("button", "entry", legend);
      button.type = "button";
      button.title = this.data.words.hide;
      const style = this.data.kinds[entry.kind];
      const picture = make("svg", { width: 20, height: 20, viewBox: "-22 -22 44 44" }, button);
      make("path", { d: SHAPES[style.shape] ?? SHAPES.circle, class: "body", fill: style.fill }, picture);
      make("path", { d: style.icon, class: "icon", transform: "translate(-10 -10) scale(.83)" }, picture);
      this.element("span", "", button).textContent = `${entry.text} ${entry.count}`;
      const press = () => button.setAttribute("aria-pressed", String(!this.view.hidden.has(entry.kind)));
      button.onclick = () => {
        if (!this.view.hidden.delete(entry.kind)) this.view.hidden.add(entry.kind);
        press();
        this.place();
      };
      press();
    }
    for (const band of this.data.bands) {
      const note = this.element("span", `band ${band.band}`, legend);
      note.textContent = `${band.mark} ${band.text} ${band.count}`;
    }
  }

  listen() {
    const frame = this.frame;
    frame.onkeydown = (event) => this.key(event);
    frame.onpointerdown = (event) => this.press(event);
    frame.onwheel = (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? 1.12 : 0.89, event);
    };
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(frame);
  }

  resized() {
    const width = this.frame.clientWidth;
    if (!width || width === this.width) return;
    this.width = width;
    if (this.view.touched) this.place();
    else this.fit();
  }

  press(event) {
    if (event.button !== 0 || event.target.closest(".tools")) return;
    const group = event.target.closest(".node");
    const id = group?.dataset.id ?? null;
    const start = { x: event.clientX, y: event.clientY, dx: this.view.dx, dy: this.view.dy };
    const origin = id ? this.at(id) : null;
    let far = false;
    const move = (now) => {
      const x = now.clientX - start.x;
      const y = now.clientY - start.y;
      far = far || Math.hypot(x, y) > 4;
      if (!far) return;
      this.view.touched = true;
      if (id) this.view.moved.set(id, { x: origin.x + x / this.view.scale, y: origin.y + y / this.view.scale });
      else Object.assign(this.view, { dx: start.dx + x, dy: start.dy + y });
      this.place();
    };
    const end = () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", end);
      if (!far) this.choose(id);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
  }

  key(event) {
    const actions = {
      f: () => this.fit(), l: () => this.toggleLabels(), "+": () => this.zoom(1.25), "-": () => this.zoom(0.8),
      Escape: () => this.choose(null),
      ArrowRight: () => this.walk(1, 0), ArrowLeft: () => this.walk(-1, 0),
      ArrowDown: () => this.walk(0, 1), ArrowUp: () => this.walk(0, -1),
    };
    const action = actions[event.key];
    event.stopPropagation(); // else Streamlit's own button shortcuts fire while the chart has the focus
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  }

  walk(x, y) {
    const from = this.selected ? this.at(this.selected) : { x: 0, y: 0 };
    const near = this.selected ? this.neighbours.get(this.selected) : this.nodes.keys();
    let best = null;
    for (const id of near) {
      if (id === this.selected || !this.shown(id)) continue;
      const to = this.at(id);
      const along = (to.x - from.x) * x + (to.y - from.y) * y;
      const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
      const worth = along / length - length / 1e4;
      if ((this.selected === null || along > 0) && (!best || worth > best.worth)) best = { id, worth };
    }
    if (best) this.choose(best.id);
  }

  choose(id) {
    if (id === this.selected) return;
    this.selected = id;
    this.mark();
    this.pick(id);
  }

  mark() {
    const near = this.selected ? this.neighbours.get(this.selected) : null;
    const on = (id) => !near || id === this.selected || near.has(id);
    for (const [id, group] of this.shapes) {
      group.classList.toggle("selected", id === this.selected);
      group.classList.toggle("faint", !on(id));
    }
    for (const edge of this.edges) {
      const touches = edge.source === this.selected || edge.target === this.selected;
      edge.line.classList.toggle("lit", touches);
      edge.line.classList.toggle("faint", Boolean(near) && !touches);
    }
    this.live.textContent = this.selected ? this.nodes.get(this.selected).title : "";
    this.label();
  }

  toggleLabels() {
    this.view.labels = !this.view.labels;
    this.label();
  }

  fit() {
    const width = this.frame.clientWidth || 600;
    const height = this.data.height;
    const points = this.data.nodes.filter((node) => this.shown(node.id)).map((node) => this.at(node.id));
    if (!points.length) return this.place();
    const xs = points.map((point) => point.x);
    const ys = points.map((point) => point.y);
    const [left, right] = [Math.min(...xs), Math.max(...xs)];
    const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
    const scale = Math.min((width - 130) / (right - left || 1), (height - 90) / (bottom - top || 1), 1.15);
    this.view.scale = Math.max(MIN_SCALE, scale);
    this.view.dx = width / 2 - ((left + right) / 2) * this.view.scale;
    this.view.dy = height / 2 - 6 - ((top + bottom) / 2) * this.view.scale;
    this.view.touched = false;
    this.place();
  }

  zoom(factor, event = null) {
    const box = this.frame.getBoundingClientRect();
    const x = event ? event.clientX - box.left : box.width / 2;
    const y = event ? event.clientY - box.top : box.height / 2;
    const scale = Math.min(MAX_SCALE, Math.max(MIN_SCALE, this.view.scale * factor));
    const ratio = scale / this.view.scale;
    Object.assign(this.view, { scale, dx: x - (x - this.view.dx) * ratio, dy: y - (y - this.view.dy) * ratio });
    this.view.touched = true;
    this.place();
  }

  place() {
    const { scale, dx, dy } = this.view;
    this.world.setAttribute("transform", `translate(${dx} ${dy}) scale(${scale})`);
    for (const [id, group] of this.shapes) {
      const point = this.at(id);
      group.setAttribute("transform", `translate(${point.x} ${point.y})`);
      group.classList.toggle("gone", !this.shown(id));
    }
    for (const { line, source, target } of this.edges) {
      const [from, to] = [this.at(source), this.at(target)];
      line.setAttribute("x1", from.x);
      line.setAttribute("y1", from.y);
      line.setAttribute("x2", to.x);
      line.setAttribute("y2", to.y);
      line.classList.toggle("gone", !this.shown(source) || !this.shown(target));
    }
    this.label();
  }

  /* Labels keep their size on the screen; the more important take their place first, the others wait for a closer look. */
  label() {
    const { scale, dx, dy } = this.view;
    const near = this.selected ? this.neighbours.get(this.selected) : new Set();
    const rank = (node) => (node.id === this.selected ? 2 : near.has(node.id) ? 1 : 0) * 1000 + node.weight;
    const taken = [];
    for (const node of this.data.nodes) {
      if (!this.shown(node.id)) continue;
      const point = this.at(node.id);
      const [x, y, half] = [point.x * scale + dx, point.y * scale + dy, RADIUS * scale];
      taken.push({ id: node.id, left: x - half, right: x + half, top: y - half, bottom: y + half });
    }
    const free = (box) => !taken.some((other) => other.id !== box.id && box.left < other.right
      && box.right > other.left && box.top < other.bottom && box.bottom > other.top);
    for (const node of [...this.data.nodes].sort((one, two) => rank(two) - rank(one))) {
      const text = this.texts.get(node.id);
      const wanted = this.view.labels && this.shown(node.id) && !(this.selected && rank(node) < 1000);
      const spot = wanted && this.spot(node, text, free);
      text.classList.toggle("gone", !spot);
      if (!spot) continue;
      text.setAttribute("x", (spot.left + spot.right) / 2);
      text.setAttribute("y", spot.bottom - 3.5);
      taken.push(spot);
    }
  }

  spot(node, text, free) {
    const { scale, dx, dy } = this.view;
    const point = this.at(node.id);
    const [x, y] = [point.x * scale + dx, point.y * scale + dy];
    if (!node.width) {
      text.classList.remove("gone");
      node.width = text.getComputedTextLength() || node.label.length * 7;
    }
    const [wide, high, off] = [node.width + 4, 14, (node.band === "red" ? 21 : 19) * scale + LABEL_GAP];
    const offers = [
      { left: x - wide / 2, top: y + off }, { left: x - wide / 2, top: y - off - high },
      { left: x + off, top: y - high / 2 }, { left: x - off - wide, top: y - high / 2 },
    ];
    for (const { left, top } of offers) {
      const box = { id: node.id, left, top, right: left + wide, bottom: top + high };
      const inside = left >= 2 && box.right <= this.frame.clientWidth - 2 && top >= 2 && box.bottom <= this.data.height - 2;
      if (inside && free(box)) return box;
    }
    return null;
  }

  stop() {
    this.observer.disconnect();
  }
}

const charts = new WeakMap();

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const root = parentElement.querySelector(".linkchart");
  const old = charts.get(root);
  if (old && old.signature === data.signature) {
    if (old.chart.selected !== data.selected) {
      old.chart.selected = data.selected;
      old.chart.mark();
    }
    old.chart.pick = (id) => setStateValue("picked", { id, at: Date.now() });
    return undefined;
  }
  old?.chart.stop();
  const chart = new Chart(root, data, (id) => setStateValue("picked", { id, at: Date.now() }));
  charts.set(root, { chart, signature: data.signature });
  return () => chart.stop();
}
