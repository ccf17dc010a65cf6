// Three of the journeys of tests/site/journeys.py in Firefox, by WebDriver BiDi:
//
//     node web/test/firefox.mjs URL FIREFOX
//
// Prints one line for each that ended with the thing in hand; ends with 1 where one did not.
import puppeteer from "puppeteer-core";

const [, , base, executablePath] = process.argv;
const CONSERVATOR = "7556c748-15b4-4e44-97d9-00d885d4cd7d";
const DATABASES = "c1b4aa1e-bc42-49e4-952a-0cbd45f1d57b";

function holds(what, wanted) {
  if (!what) throw new Error(wanted);
}

async function go(page, act) {
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), act()]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  holds(overflow <= 0, `${page.url()} is wider than the screen by ${overflow}`);
  holds((await page.$$("h1")).length === 1, `${page.url()} has one heading`);
}

async function follow(page, selector) {
  const target = await page.waitForSelector(selector);
  await go(page, () => target.evaluate((e) => e.click()));
}

async function write(page, selector, text) {
  await page.focus(selector);
  await page.keyboard.type(text);
  await go(page, () => page.keyboard.press("Enter"));
}

const journeys = {
  async "from a name to a profile as a workbook"(page) {
    await write(page, "main input[type=search]", "conservator");
    await follow(page, `.hits a[href*="/occupations/${CONSERVATOR}"]`);
    const href = await page.$eval('main a[href*=".xlsx"]', (a) => a.href);
    const bytes = new Uint8Array(await (await fetch(href)).arrayBuffer());
    holds(bytes[0] === 0x50 && bytes[1] === 0x4b, "a workbook");
  },
  async "from two sectors to what both have"(page) {
    await follow(page, 'header a[href*="/compare"]');
    for (const sector of ["heritage", "gaming"]) {
      await page.focus(`input[value="${sector}"]`);
      await page.keyboard.press(" ");
    }
    await page.focus("fieldset ~ p button");
    await go(page, () => page.keyboard.press("Enter"));
    holds(await page.$("#pairs"), "the comparison");
  },
  async "from an idea to a profile of one's own"(page) {
    await follow(page, 'header a[href*="/composer"]');
    await write(page, "#q", "conservator");
    await follow(page, `.hits a[href*="${CONSERVATOR}"]`);
    await follow(page, `a.drop[href*="drop=${DATABASES}"]`);
    holds(await page.$(`section[aria-labelledby=changes] a[href*="${DATABASES}"]`), "what was dropped");
    const href = await page.$eval('main a[href*="format=pdf"]', (a) => a.href);
    const bytes = new Uint8Array(await (await fetch(href)).arrayBuffer());
    holds(String.fromCharCode(...bytes.slice(0, 5)) === "%PDF-", "a PDF");
  },
};

const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
let failed = 0;
const ways = [["en", 390], ["fr", 768], ["en", 1440]];
for (const [n, [name, journey]] of Object.entries(journeys).entries()) {
  const [language, width] = ways[n];
  const page = await browser.newPage();
  const said = [];
  page.on("console", (message) => ["error", "warn"].includes(message.type()) && said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  try {
    await page.setViewport({ width, height: 800 });
    await page.goto(`${base}/?language=${language}`, { waitUntil: "load" });
    await journey(page);
    holds(said.length === 0, said.join("; "));
    console.log(`passed: ${name} (${language}, ${width})`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED: ${name} (${language}, ${width}): ${error.message}`);
  }
  await page.close();
}
await browser.close();
process.exit(failed ? 1 : 0);
