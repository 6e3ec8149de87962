// Takes pictures of all dashboards, for looking at them: node shots.mjs [FOLDER]
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ALGALON_URL, launch, newPage, settled } from "./browser.mjs";
import { startServer } from "./server.mjs";

const out = process.argv[2] ?? "shots";
mkdirSync(out, { recursive: true });
const only = process.argv[3] ?? "";
const server = ALGALON_URL ? null : await startServer();
const url = ALGALON_URL || server.url;
const browser = await launch();
try {
    const list = await (await fetch(`${url}/api/dashboards`)).json();
    for (const look of [
        { name: "desktop-dark", width: 1440, height: 900, dark: true },
        { name: "desktop-light", width: 1440, height: 900, dark: false },
        { name: "phone-dark", width: 390, height: 844, dark: true, phone: true },
        { name: "phone-light", width: 390, height: 844, dark: false, phone: true },
    ])
        for (const d of list.filter((x) => !x.error)) {
            const name = `${d.uid}-${look.name}`;
            if (only && !name.includes(only)) continue;
            const { page, context, problems } = await newPage(browser, look);
            await page.goto(`${url}/d/${d.uid}`);
            await settled(page);
            await page.screenshot({ path: join(out, `${name}.png`) });
            if (problems.length) console.log(name, problems);
            await context.close();
        }
} finally {
    await browser.close();
    await server?.stop();
}
