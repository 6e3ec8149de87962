// A panel as PNG: its elements and the styles that hold for them become one SVG, which is painted
// onto a canvas. Nothing is fetched and nothing leaves the page.
const SCALE = 2;

/** The rules of all style sheets; of those for some media only what holds now. */
function styles(rules: CSSRuleList): string {
  return [...rules]
    .map((r) => {
      if (!(r instanceof CSSMediaRule)) return r.cssText;
      return matchMedia(r.conditionText).matches ? styles(r.cssRules) : "";
    })
    .join("\n");
}

function frozen(panel: HTMLElement): HTMLElement {
  const copy = panel.cloneNode(true) as HTMLElement;
  const drawn = copy.querySelectorAll("canvas");
  panel.querySelectorAll("canvas").forEach((canvas, i) => {
    const image = new Image();
    image.src = canvas.toDataURL();
    image.className = canvas.className;
    image.style.width = `${canvas.clientWidth}px`;
    image.style.height = `${canvas.clientHeight}px`;
    drawn[i]!.replaceWith(image);
  });
  for (const el of copy.querySelectorAll(".icon-button, .panel-info")) el.remove();
  return copy;
}

export async function pictureOf(panel: HTMLElement): Promise<Blob> {
  const { clientWidth: width, clientHeight: height } = panel;
  const root = document.documentElement;
  const look = getComputedStyle(root);
  const page = document.createElement("div");
  page.className = "picture";
  page.append(frozen(panel));
  const sheets = [...document.styleSheets].map((s) => styles(s.cssRules)).join("\n");
  const own = `.picture{width:${width}px;height:${height}px;display:flex;font:${look.fontSize}/${look.lineHeight} ${look.fontFamily};font-variant-numeric:tabular-nums;color:${look.color};background:${look.backgroundColor}}.picture>*{flex:1;border:0}`;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("width", String(width * SCALE));
  svg.setAttribute("height", String(height * SCALE));
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  // The picture is a document of its own: it has the page's theme, not the system's.
  const dark = look.colorScheme.includes("dark");
  svg.setAttribute("data-theme", dark ? "dark" : "light");
  const style = document.createElementNS(svg.namespaceURI, "style");
  style.textContent = sheets + own;
  const inside = document.createElementNS(svg.namespaceURI, "foreignObject");
  inside.setAttribute("width", "100%");
  inside.setAttribute("height", "100%");
  inside.append(page);
  svg.append(style, inside);
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width * SCALE;
  canvas.height = height * SCALE;
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((b) => (b ? resolve(b) : reject(new Error("no picture"))), "image/png"),
  );
}
