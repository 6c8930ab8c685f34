/** The page that `size --html` writes, as a browser shows it. */
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import type { Page } from "playwright-core";
import type { SizeReport } from "../../src/inspect/size.js";
import { browserSkip, openPage } from "../support/browser.js";
import type { RpmFixture } from "../support/rpm-fixture.js";
import { Scene } from "../support/scene.js";

const skip = browserSkip;

const NAMES = ["glibc", "python3-libs", "openssl-libs", "perl-Math-BigInt", "coreutils", "ca-certificates"];

/** Each about three quarters of the one before: from half of the page to tiles without room for a letter. */
const fixtures = Array.from({ length: 24 }, (_, index): RpmFixture => {
  const name = index < 6 ? (NAMES[index] ?? "") : `package-${index}`;
  return { name, files: { [`/opt/${name}`]: { content: Buffer.alloc(Math.floor(1_000_000 * 0.75 ** index), index) } } };
});

/** What the functions that the browser runs use of it. */
interface Element {
  readonly textContent: string | null;
  readonly tagName: string;
  readonly scrollWidth: number;
  readonly clientWidth: number;
  getBoundingClientRect(): Box;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): readonly Element[];
}

interface Style {
  readonly fill: string;
  readonly stroke: string;
  getPropertyValue(name: string): string;
}

declare const document: Element & { readonly activeElement: Element | null; readonly documentElement: Element };
declare function getComputedStyle(element: Element): Style;

interface Report {
  /** The file of the page. */
  readonly path: string;
  readonly report: SizeReport;
}

async function writeReport(t: TestContext): Promise<Report> {
  const scene = await Scene.create(t, { packages: ["filesystem", "tiny-release", ...fixtures] });
  scene.writeManifest({ packages: fixtures.map(({ name }) => name) });
  assert.equal((await scene.build(["--engine", "rpm"])).code, 0);
  const { code, stderr } = await scene.run(["size", "image:test", "--html", "size.html"]);
  assert.equal(code, 0, stderr);
  const report: SizeReport = JSON.parse((await scene.run(["size", "image:test", "--json"])).stdout);
  return { path: scene.path("size.html"), report };
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Tile extends Box {
  readonly title: string;
  readonly texts: readonly Box[];
  /** Red, green, blue, from 0 to 255. */
  readonly fill: readonly number[];
  readonly ink: readonly number[];
}

/** In the browser. */
function measure(): { readonly map: Box; readonly tiles: readonly Tile[] } {
  const boxOf = (element: Element): Box => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x, y, width, height };
  };
  const colour = (text: string): readonly number[] => (text.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
  const tiles = [...document.querySelectorAll(".map a")].map((link) => {
    const rect = link.querySelector("rect") as Element;
    const texts = [...link.querySelectorAll("text")];
    return {
      ...boxOf(link.querySelector("svg") as Element),
      title: link.querySelector("title")?.textContent ?? "",
      texts: texts.map(boxOf),
      fill: colour(getComputedStyle(rect).fill),
      ink: colour(getComputedStyle(texts[0] ?? rect).fill),
    };
  });
  return { map: boxOf(document.querySelector(".map > svg") as Element), tiles };
}

/** WCAG 2.2, "contrast ratio". */
function contrast(a: readonly number[], b: readonly number[]): number {
  const luminance = (colour: readonly number[]): number => {
    const [red = 0, green = 0, blue = 0] = colour.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const colourOf = (page: Page, selector: string, property: string): Promise<readonly number[]> =>
  page.evaluate(
    ([where = "", what = ""]) =>
      (
        getComputedStyle(document.querySelector(where) as Element)
          .getPropertyValue(what)
          .match(/[\d.]+/g) ?? []
      )
        .slice(0, 3)
        .map(Number),
    [selector, property],
  );

async function proportions(t: TestContext, { path, report }: Report): Promise<void> {
  const { page, complaints } = await openPage(t, path);
  const { map, tiles } = await page.evaluate(measure);
  const total = report.rows.reduce((sum, { size }) => sum + size, 0);
  const area = ({ width, height }: Box): number => width * height;
  const scale = map.width / 1200;
  const rows = report.rows.slice(0, tiles.length);
  // The rest has no pixel.
  for (const { size } of report.rows.slice(tiles.length)) assert.ok((area(map) * size) / total < 20);
  for (const [index, tile] of tiles.entries()) {
    const { name, size = 0 } = rows[index] ?? {};
    assert.ok(tile.title.startsWith(`${name ?? "(what no package owns)"}: `), tile.title);
    // Edges are at whole pixels of the drawing.
    const rounding = (tile.width + tile.height + scale) * scale;
    assert.ok(Math.abs(area(tile) - (area(map) * size) / total) <= rounding, `${tile.title}: ${area(tile)}`);
    const isInside =
      tile.x >= map.x - 0.5 &&
      tile.y >= map.y - 0.5 &&
      tile.x + tile.width <= map.x + map.width + 0.5 &&
      tile.y + tile.height <= map.y + map.height + 0.5;
    assert.ok(isInside, tile.title);
    for (const text of tile.texts) {
      assert.ok(text.x >= tile.x && text.x + text.width <= tile.x + tile.width + 1, `${tile.title} is cut off`);
      assert.ok(text.y >= tile.y && text.y + text.height <= tile.y + tile.height + 1, `${tile.title} is cut off`);
    }
    for (const other of tiles.slice(0, index)) {
      const overlaps =
        Math.min(tile.x + tile.width, other.x + other.width) - Math.max(tile.x, other.x) > 0.5 &&
        Math.min(tile.y + tile.height, other.y + other.height) - Math.max(tile.y, other.y) > 0.5;
      assert.ok(!overlaps, `${tile.title} and ${other.title}`);
    }
  }
  const covered = tiles.reduce((sum, tile) => sum + area(tile), 0);
  assert.ok(Math.abs(covered / area(map) - 1) < 0.001, `${covered} of ${area(map)}`);
  assert.ok(tiles.filter(({ texts }) => texts.length === 2).length >= 8);
  assert.ok(tiles.some(({ texts }) => texts.length === 0));
  assert.deepEqual(complaints, []);
}

async function marks(t: TestContext, { path }: Report): Promise<void> {
  const { page, complaints } = await openPage(t, path);
  const stroke = (number: number): Promise<string> =>
    page.evaluate((n) => getComputedStyle(document.querySelectorAll(".map rect")[n] as Element).stroke, number);
  const plain = await stroke(1);
  await page.hover(".map a:nth-of-type(2)");
  assert.notEqual(await stroke(1), plain);
  await page.mouse.move(0, 0);
  assert.equal(await stroke(1), plain);
  for (let index = 0; index < 3; index += 1) {
    await page.keyboard.press("Tab");
    // Some browsers stop at what scrolls, too.
    if (index === 0 && (await page.evaluate(() => document.activeElement?.tagName)) !== "a") index -= 1;
  }
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("href")), "#row-3");
  assert.notEqual(await stroke(2), plain);
  await page.keyboard.press("Enter");
  assert.equal(new URL(page.url()).hash, "#row-3");
  const row = page.locator("tr:target");
  assert.match((await row.textContent()) ?? "", /openssl-libs-1-1\.noarch$/);
  assert.ok(await row.isVisible());
  assert.ok((await row.boundingBox())?.y !== undefined && ((await row.boundingBox())?.y ?? 900) < 900);
  assert.notDeepEqual(
    await colourOf(page, "tr:target td", "background-color"),
    await colourOf(page, "body", "background-color"),
  );
  assert.deepEqual(
    complaints.filter((complaint) => !complaint.includes("#row-3")),
    [],
  );
}

async function colours(t: TestContext, { path }: Report): Promise<void> {
  const { page } = await openPage(t, path);
  const backgrounds: number[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const background = await colourOf(page, "body", "background-color");
    assert.ok(contrast(background, await colourOf(page, "body", "color")) > 7, colorScheme);
    await page.goto(`${page.url().replace(/#.*/, "")}#row-1`);
    const marked = await colourOf(page, "tr:target td", "background-color");
    assert.ok(contrast(marked, await colourOf(page, "tr:target td", "color")) > 7, colorScheme);
    for (const { title, fill, ink } of (await page.evaluate(measure)).tiles) {
      assert.ok(fill.length === 3 && contrast(fill, background) > 1.1, `${colorScheme}: ${title} against the page`);
      if (ink.join() !== fill.join()) assert.ok(contrast(fill, ink) > 7, `${colorScheme}: ${title}`);
    }
    backgrounds.push(background[0] ?? 0);
  }
  assert.ok((backgrounds[0] ?? 0) > 200 && (backgrounds[1] ?? 255) < 60);
}

async function narrowness(t: TestContext, { path }: Report): Promise<void> {
  const { page } = await openPage(t, path);
  for (const width of [320, 420, 1024]) {
    await page.setViewportSize({ width, height: 700 });
    const sizes = await page.evaluate(() => ({
      page: document.documentElement.scrollWidth,
      letters: [...document.querySelectorAll(".map text")].map((text) => text.getBoundingClientRect().height),
      cells: [...document.querySelectorAll("td")].map((cell) => cell.scrollWidth - cell.clientWidth),
    }));
    assert.ok(sizes.page <= width, `${sizes.page} of ${width}`);
    assert.ok(Math.min(...sizes.letters) >= 10, `letters of ${Math.min(...sizes.letters)}`);
    assert.ok(Math.max(...sizes.cells) <= 0, "a cell of the table is cut off");
  }
}

test("the page of sizes in a browser", { skip }, async (t) => {
  const report = await writeReport(t);
  await t.test("tiles fill the treemap in proportion to sizes, and what is written in them is whole", (t) =>
    proportions(t, report),
  );
  await t.test("a tile is marked by the mouse and by the keyboard, and leads to its row of the table", (t) =>
    marks(t, report),
  );
  await t.test("everything can be read in light and in dark", (t) => colours(t, report));
  await t.test("in a narrow window the treemap scrolls by itself, with letters that can be read", (t) =>
    narrowness(t, report),
  );
});
