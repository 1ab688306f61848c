/**
 * Drives one browser for tests/browser_driver.py. Standard input brings a call as a line of JSON,
 * `{"tab": 1, "method": "keyboard.press", "args": ["m"]}`, standard output takes its answer:
 * `{"value": ...}` or `{"error": "..."}`. The browser ends with the input.
 */
import { createInterface } from "node:readline";

import puppeteer from "puppeteer-core";

const browser = await puppeteer.launch(JSON.parse(process.argv[2]));
/** @type {Map<number, {page: import("puppeteer-core").Page, heard: string[]}>} */
const tabs = new Map();

const commands = {
  /** A tab of a person's own: nobody else's cookies are in it. */
  async open({ tab, args: [cookies, script] }) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    const heard = [];
    page.on("console", (message) => heard.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => heard.push(`error: ${error.message ?? error}`));
    await context.setCookie(...cookies);
    await page.evaluateOnNewDocument(script);
    tabs.set(tab, { page, heard });
  },
  heard: ({ tab }) => tabs.get(tab).heard,
  close: ({ tab }) => tabs.get(tab).page.browserContext().close(),
};

/** A method of the page or of a part of it, such as `keyboard.press`. */
async function onPage({ tab, method, args }) {
  const path = method.split(".");
  const name = path.pop();
  const part = path.reduce((owner, word) => owner[word], tabs.get(tab).page);
  return part[name](...args);
}

/** What JSON can hold of it: a response or an element means nothing over there. */
function plain(value) {
  return value === undefined || typeof value?.remoteObject === "function" ? null : value;
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
say({ value: await browser.version() });
for await (const line of createInterface({ input: process.stdin })) {
  const call = JSON.parse(line);
  try {
    say({ value: plain(await (commands[call.method] ?? onPage)(call)) });
  } catch (error) {
    say({ error: `${call.method}: ${error.message}` });
  }
}
await browser.close();
