// Shows the API's description, /api/openapi.json. Text goes in as text only.
"use strict";

const make = (tag, text, ...children) => {
  const el = document.createElement(tag);
  if (text) el.textContent = text;
  el.append(...children);
  return el;
};

const typeOf = (schema) => {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.type === "array" || (Array.isArray(schema.type) && schema.type.includes("array"))) return typeOf(schema.items) + "[]";
  const t = Array.isArray(schema.type) ? schema.type.filter((x) => x !== "null").join(" or ") : schema.type || "";
  return schema.enum ? t + ": " + schema.enum.join(", ") : t;
};

const table = (head, rows) => {
  const tr = (cells, tag) => make("tr", "", ...cells.map((c) => make(tag, c)));
  return make("table", "", make("thead", "", tr(head, "th")), make("tbody", "", ...rows.map((r) => tr(r, "td"))));
};

const fields = (api, schema) => {
  const target = schema && schema.$ref ? api.components.schemas[schema.$ref.split("/").pop()] : schema;
  if (!target || !target.properties) return null;
  const required = target.required || [];
  return table(["field", "type", "meaning"], Object.entries(target.properties).map(([name, p]) => [name + (required.includes(name) ? "" : " (optional)"), typeOf(p), p.description || ""]));
};

const operation = (api, path, method, op) => {
  const code = make("code", path);
  const head = make("summary", "", make("span", method.toUpperCase()), code, make("span", op.summary || ""));
  head.firstChild.className = "method";
  const box = make("details", "", head);
  box.dataset.text = [path, method, op.summary, op.operationId].join(" ").toLowerCase();
  if (op.description) box.append(make("p", op.description));
  if (op.parameters && op.parameters.length) {
    box.append(make("h4", "Parameters"), table(["name", "in", "type", "meaning"], op.parameters.map((p) => [p.name + (p.required ? "" : " (optional)"), p.in, typeOf(p.schema), p.description || (p.schema && p.schema.description) || ""])));
  }
  const body = op.requestBody && op.requestBody.content["application/json"];
  if (body) box.append(make("h4", "Body"), fields(api, body.schema) || make("p", typeOf(body.schema)));
  for (const [status, r] of Object.entries(op.responses || {})) {
    const content = r.content && Object.entries(r.content)[0];
    box.append(make("h4", `Answer ${status}: ${r.description || ""}`));
    if (content) box.append(fields(api, content[1].schema) || make("p", `${content[0]} ${typeOf(content[1].schema)}`));
  }
  return box;
};

const show = (api) => {
  document.getElementById("about").textContent = `${api.info.description} Version ${api.info.version}.`;
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, op] of Object.entries(item)) {
      const tag = (op.tags && op.tags[0]) || "other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operation(api, path, method, op));
    }
  }
  const main = document.getElementById("operations");
  for (const tag of [...groups.keys()].sort()) main.append(make("section", "", make("h2", tag), ...groups.get(tag)));
};

document.getElementById("find").addEventListener("input", (e) => {
  const want = e.target.value.toLowerCase();
  for (const section of document.querySelectorAll("section")) {
    let any = false;
    for (const d of section.querySelectorAll("details")) {
      d.hidden = !d.dataset.text.includes(want);
      any = any || !d.hidden;
    }
    section.hidden = !any;
  }
});

fetch("/api/openapi.json")
  .then((r) => (r.ok ? r.json() : Promise.reject(new Error("HTTP " + r.status))))
  .then(show)
  .catch((err) => { document.getElementById("about").textContent = `The description could not be loaded (${err.message}). Reload the page.`; });
