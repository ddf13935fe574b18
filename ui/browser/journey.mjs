// A morning in the app: sign in, look at the night, open what matters by keyboard,
// switch language and light, see what comes in. One line a step: pass NAME, or
// fail NAME :: WHY. With YAGURA_SHOTS=folder every page is also kept as a picture.
import axe from 'axe-core';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const url = process.env.YAGURA_URL;
const key = process.env.YAGURA_KEY;
const shots = process.env.YAGURA_SHOTS;
if (shots) mkdirSync(shots, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.YAGURA_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
const context = await browser.newContext({
  viewport: { width: 1360, height: 820 },
  locale: 'en-GB',
  colorScheme: 'light',
  timezoneId: 'Asia/Tokyo',
  permissions: ['clipboard-read', 'clipboard-write'],
});
const page = await context.newPage();
page.setDefaultTimeout(10_000);

const said = [];
page.on('console', (m) => {
  // A browser logs every answer that says no. These two ask whether the server can do something yet.
  if (m.type() === 'error' && !/api\/v1\/(groups|session)/.test(m.location().url))
    said.push(m.text() + ' ' + m.location().url);
});
page.on('pageerror', (e) => said.push(String(e)));

let failed = 0;
async function step(name, act) {
  try {
    await act();
    console.log(`pass ${name}`);
  } catch (e) {
    failed++;
    console.log(
      `fail ${name} :: ${String(e.message ?? e)
        .split('\n')
        .slice(0, 12)
        .join(' | ')}`,
    );
    if (shots) await page.screenshot({ path: join(shots, `failed-${failed}.png`) });
  }
}

function must(ok, why) {
  if (!ok) throw new Error(why);
}

const rows = () => page.locator('[role=grid] [role=row][aria-selected]');
const grid = () => page.locator('[role=grid]');

async function accessible() {
  await page.evaluate(axe.source + ';0');
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
  must(
    serious.length === 0,
    serious
      .map(
        (v) =>
          `${v.id}: ${v.nodes
            .slice(0, 3)
            .map((n) => n.html.slice(0, 300) + ' ' + (n.any[0]?.message ?? ''))
            .join(', ')}`,
      )
      .join('; '),
  );
}

async function shot(name) {
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`) });
}

await step('a page that is asked for without a session asks who one is', async () => {
  await page.goto(url + '/alerts?q=severity%3Acritical');
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await accessible();
  await shot('sign-in');
});
await step('a wrong key is refused in words', async () => {
  await page.getByLabel('API key', { exact: true }).last().fill('wrong-key');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('This key is not valid.').waitFor();
  said.length = 0; // the browser's own line about the refusal
});
await step('the right key opens the page that was asked for', async () => {
  await page.getByLabel('API key', { exact: true }).last().fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await rows().first().waitFor();
  must(page.url().includes('/alerts?q='), page.url());
  must((await rows().first().innerText()).includes('Critical'), 'the search of the address is not applied');
});
await step('the queue shows the night, the worst first', async () => {
  await page.keyboard.press('g');
  await page.keyboard.press('q');
  await page.waitForURL('**/queue');
  await rows().nth(3).waitFor();
  must((await rows().count()) < 10, `${await rows().count()} lines are no four`);
  must(/Critical|High/.test(await rows().first().innerText()), await rows().first().innerText());
  await page.getByText('Live', { exact: true }).waitFor();
  await accessible();
  await shot('queue-light');
});
let line = '';
let opened = '';
let ticketPath = '/tickets/T-1';
await step('j, k, x and o do as they say', async () => {
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  must(
    (await grid().getAttribute('aria-activedescendant')) === (await rows().nth(1).getAttribute('id')),
    'the second line is not the active one',
  );
  await page.keyboard.press('x');
  await page.getByText('1 selected').waitFor();
  await page.keyboard.press('*');
  await page.getByText('All that match are selected').waitFor();
  await shot('queue-selected');
  await page.keyboard.press('Escape');
  line = (await rows().nth(1).getAttribute('id')).replace('line-', '');
  await page.keyboard.press('o');
  await page.waitForURL(`**/${line}`);
});
await step('a group tells why its alerts belong together', async () => {
  await page.getByRole('heading', { name: 'Its alerts' }).waitFor();
  await accessible();
  await shot('group-light');
  await page.locator('td a[href^="/alerts/A-"]').first().click();
  await page.waitForURL('**/alerts/A-*');
  opened = page.url().split('/').pop();
});
await step('an alert shows its facts, its values defanged, and its raw message', async () => {
  await page.getByRole('heading', { name: 'Observables' }).waitFor();
  await page.keyboard.press('r');
  await page.getByLabel('Search in it').fill('severity');
  await page.getByText(/\d+ hits?/).waitFor();
  await accessible();
  await shot('alert-light');
  const copy = page.getByRole('button', { name: 'Copy defanged; with Alt as it is' }).first();
  await copy.click();
  must((await page.evaluate(() => navigator.clipboard.readText())).includes('[.]'), 'a plain click copies it as it is');
  await copy.click({ modifiers: ['Alt'] });
  must(!(await page.evaluate(() => navigator.clipboard.readText())).includes('['), 'Alt copies it defanged');
});
await step('going back finds the line that one left', async () => {
  await page.keyboard.press('u');
  await page.waitForURL(`**/${line}`);
  await page.getByRole('heading', { name: 'Its alerts' }).waitFor();
  await page.keyboard.press('u');
  await page.waitForURL('**/queue');
  await rows().first().waitFor();
  must((await grid().getAttribute('aria-activedescendant')) === `line-${line}`, 'another line is active');
});
await step('the search box completes, a facet narrows', async () => {
  await page.keyboard.press('/');
  await page.keyboard.type('sev');
  await page.getByRole('option', { name: 'severity:' }).click();
  await page.keyboard.type('cri');
  await page.getByRole('option', { name: /severity:critical/ }).click();
  await page.waitForURL(/severity(%3A|:)critical/);
  await rows().first().waitFor();
  await page
    .getByRole('navigation', { name: 'Narrow down' })
    .getByRole('button')
    .filter({ hasText: 'Critical' })
    .click();
  await page.waitForURL((u) => !u.search.includes('severity'));
});
await step('a hostile alert is shown as text', async () => {
  const name = `hostile-${Date.now()}`;
  const auth = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
  const made = await (
    await fetch(`${url}/api/v1/sources`, {
      method: 'POST',
      headers: auth,
      body: JSON.stringify({ id: name, kind: 'generic' }),
    })
  ).json();
  const title = '<img src=x onerror=alert(1)> invoice\u202Efdp.exe';
  const sent = await fetch(`${url}/hooks/${name}?wait=1`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${made.token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      title,
      severity: 'critical',
      description: 'x'.repeat(1 << 20),
      link: 'javascript:alert(1)',
      src_ip: '203.0.113.9',
    }),
  });
  must(sent.ok, `the hook answered ${sent.status}`);
  await page.goto(`${url}/alerts?q=source%3A${name}`);
  await rows().first().waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1 }).waitFor();
  must((await page.locator('img').count()) === 0, 'its markup became markup');
  must((await page.locator('a[href^="javascript"]').count()) === 0, 'its link can be clicked');
  must((await page.locator('body').innerText()).length < 20_000, 'a line of a megabyte is laid out whole');
  await page.keyboard.press('r');
  await page.getByText('U+202E').first().waitFor();
  await shot('alert-hostile');
});
await step('new alerts arrive by themselves', async () => {
  await page.goto(`${url}/alerts`);
  await rows().first().waitFor();
  const source = await (
    await fetch(`${url}/api/v1/sources`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ id: `live-${Date.now()}`, kind: 'generic' }),
    })
  ).json();
  await page.getByText('Live', { exact: true }).waitFor();
  await fetch(`${url}${source.hook}?wait=1`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${source.token}` },
    body: JSON.stringify({ title: 'Arrived while looking', severity: 'low' }),
  });
  await page.getByText('Arrived while looking').first().waitFor();
  await accessible();
  await shot('alerts-light');
});
await step('the queue shows groups as the server tells them', async () => {
  const groups = {
    items: [
      {
        id: 'G-1',
        title: 'A shell in the web container',
        why: 'The only one of its kind in 30 days',
        differs: 'The image ran no shell before',
        severity: 'critical',
        count: 1,
        sightings: 1,
        sources: ['demo-falco'],
        last: new Date().toISOString(),
        new: true,
      },
      {
        id: 'G-2',
        title: 'Port scan from 203.0.113.9',
        reasons: [{ text: 'Forty hosts at once' }],
        severity: 'medium',
        count: 40,
        sightings: 900,
        sources: ['demo-suricata', 'demo-opencanary'],
        last: new Date().toISOString(),
        past: { conclusion: 'unaffected', ticket: 'T-12', reason: 'Nothing answered' },
      },
      { id: 'G-3' },
    ],
    next: '',
  };
  await page.route('**/api/v1/groups?*', (r) => r.fulfill({ json: groups }));
  await page.goto(`${url}/queue`);
  await rows().nth(2).waitFor();
  const [first, second, third] = await rows().allInnerTexts();
  for (const want of ['The only one of its kind', 'no shell before', 'New'])
    must(first.includes(want), `${want} is not in ${first}`);
  for (const want of ['Forty hosts', '×900', '40 alerts', 'Unaffected', 'demo-opencanary'])
    must(second.includes(want), `${want} is not in ${second}`);
  must(third.includes('G-3'), third);
  await accessible();
  await shot('queue-groups');
  await page.unroute('**/api/v1/groups?*');
  await page.goto(`${url}/alerts`);
  await rows().first().waitFor();
});
await step('a group is concluded by keyboard, leaves the queue and has its ticket', async () => {
  await page.goto(`${url}/queue`);
  await rows().nth(1).waitFor();
  await page.keyboard.press('Home');
  for (const k of ['x', 'j', 'x', 'c']) await page.keyboard.press(k);
  await page.getByText('2 lines, one ticket each').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
  await page.getByText('2 selected').waitFor({ state: 'detached' });
  await page.keyboard.press('Home');
  await page.keyboard.press('c');
  await page.getByRole('dialog').getByLabel('Reason').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const gone = (await rows().first().getAttribute('id')).replace('line-', '');
  await page.keyboard.press('o');
  await page.waitForURL(`**/${gone}`);
  await page.getByRole('button', { name: 'Conclude', exact: true }).waitFor();
  await page.keyboard.press('c');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').waitFor();
  must((await dialog.getByLabel('Owner').inputValue()) !== '', 'the owner is not filled in');
  await page.waitForTimeout(300);
  await accessible();
  await shot('conclude');
  await dialog.getByLabel('Conclusion').selectOption('intended');
  await dialog.getByLabel('Reason').fill('A test of the <b>keyboard</b>');
  await page.keyboard.press('Control+Enter');
  await page.waitForURL('**/queue');
  await rows().first().waitFor();
  must((await page.locator(`#line-${gone}`).count()) === 0, `${gone} is still in the queue`);
  await page.locator('a[href^="/tickets/T-"]').last().click();
  await page.waitForURL('**/tickets/T-*');
  await page.getByRole('heading', { name: 'What happened' }).waitFor();
  await page.getByText('A test of the <b>keyboard</b>').first().waitFor();
  await page.getByLabel('Comment', { exact: true }).fill('Seen by the journey');
  await page.getByRole('button', { name: 'Add the comment' }).click();
  await page.locator('ol').getByText('Seen by the journey').waitFor();
  await accessible();
  await shot('ticket-light');
  await page.getByRole('button', { name: 'Open again' }).click();
  await page.getByRole('button', { name: 'Conclude', exact: true }).waitFor();
  // A colleague is faster: what changed is shown, and what was typed stays.
  const id = page.url().split('/').pop();
  ticketPath = `/tickets/${id}`;
  await page.route(
    '**/api/v1/tickets/*/conclude',
    async (r) => {
      const auth = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
      const { version } = await (await fetch(`${url}/api/v1/tickets/${id}`, { headers: auth })).json();
      await fetch(`${url}/api/v1/tickets/${id}`, {
        method: 'PATCH',
        headers: auth,
        body: JSON.stringify({ version, title: 'A colleague was faster' }),
      });
      await r.continue();
    },
    { times: 1 },
  );
  await page.keyboard.press('c');
  await dialog.getByLabel('Conclusion').selectOption('unaffected');
  await dialog.getByLabel('Reason').fill('Typed before');
  await page.keyboard.press('Control+Enter');
  await dialog.getByText('the ticket changed meanwhile').waitFor();
  await dialog.locator('ol').getByText('A colleague was faster').waitFor();
  must((await dialog.getByLabel('Reason').inputValue()) === 'Typed before', 'what was typed is lost');
  await shot('ticket-conflict');
  await page.keyboard.press('Control+Enter');
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Open again' }).waitFor();
  said.splice(0, said.length, ...said.filter((s) => !s.includes('409')));
  await page.goto(`${url}/alerts`);
  await rows().first().waitFor();
});
await step('the palette leads to an alert by its id', async () => {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Go to …' }).waitFor();
  await page.keyboard.type(opened.toLowerCase());
  await page.getByRole('option', { name: `Open ${opened}` }).waitFor();
  await shot('palette');
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/${opened}`);
});
await step('? shows the keys', async () => {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog').getByText('Select all that match').waitFor();
  await page.waitForTimeout(200);
  await accessible();
  await shot('keys');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});
await step('the intake shows sources, and one can be added', async () => {
  await page.keyboard.press('g');
  await page.keyboard.press('i');
  await page.getByRole('link', { name: 'demo-guardduty' }).waitFor();
  await accessible();
  await shot('intake-light');
  await page.getByRole('link', { name: 'demo-guardduty' }).click();
  await page.getByText('How to send').waitFor();
  await accessible();
  await shot('source-light');
  await page.goto(url + '/intake/new');
  await page.getByLabel('Id').fill('Not An Id');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByText('Use 1 to 64 of').waitFor();
  await shot('intake-new');
  await page.getByLabel('Id').fill(`ui-${Date.now()}`);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByTestId('token').waitFor();
  await shot('intake-added');
});
await step('deliveries can be filtered, opened and replayed', async () => {
  await page.goto(url + '/intake/deliveries?state=processed');
  await page.getByRole('button', { name: 'Process again' }).first().waitFor();
  await accessible();
  await shot('deliveries-light');
  await page.getByRole('button', { name: 'Process again' }).first().click();
  await page.getByText('It will be processed again.').waitFor();
  await page.locator('td a[href^="/intake/deliveries/D-"]').first().click();
  await page.getByRole('heading', { name: 'Raw message' }).waitFor();
  await shot('delivery-light');
});
await step('it speaks Japanese and turns dark, and stays so', async () => {
  await page.goto(url + '/queue');
  await page.getByRole('button', { name: 'Language' }).click();
  await page.getByRole('menuitem', { name: '日本語' }).click();
  await page.getByRole('heading', { name: 'キュー' }).waitFor();
  await page.waitForTimeout(300);
  await shot('queue-japanese');
  await page.getByRole('button', { name: '外観' }).click();
  await page.getByRole('menuitem', { name: 'ダーク' }).click();
  await page.reload();
  await page.getByRole('heading', { name: 'キュー' }).waitFor();
  must((await page.locator('html').getAttribute('data-mantine-color-scheme')) === 'dark', 'it is light again');
  must((await page.locator('html').getAttribute('lang')) === 'ja', 'the language is not told');
  await rows().first().waitFor();
  await accessible();
  await shot('queue-dark');
  for (const [name, path] of [
    ['alert', `/alerts/${opened}`],
    ['alerts', '/alerts'],
    ['ticket', ticketPath],
    ['intake', '/intake'],
    ['deliveries', '/intake/deliveries'],
    ['nothing', '/alerts?q=nothing-like-it'],
    ['lost', '/no/such/page'],
  ]) {
    await page.goto(url + path);
    await page.getByRole('heading').first().waitFor();
    await page.waitForTimeout(700);
    await accessible();
    await shot(`${name}-dark`);
  }
});
await step('it fits a telephone', async () => {
  await page.setViewportSize({ width: 390, height: 800 });
  for (const [name, path] of [
    ['queue', '/queue'],
    ['alert', `/alerts/${opened}`],
    ['ticket', ticketPath],
    ['intake', '/intake'],
  ]) {
    await page.goto(url + path);
    await page.getByRole('heading').first().waitFor();
    await page.waitForTimeout(500);
    await shot(`${name}-narrow`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    must(wide <= 0, `${path} is ${wide} pixels too wide`);
  }
});
await step('the console has no errors', async () => must(said.length === 0, said.slice(0, 5).join(' | ')));
await step('a lost connection is said', async () => {
  await context.setOffline(true);
  await page.goto('about:blank').catch(() => undefined);
  await context.setOffline(false);
  await page.goto(url + '/queue');
  await rows().first().waitFor();
  await page.route('**/api/v1/events', (r) => r.abort());
  await page.reload();
  await page.getByRole('alert').waitFor();
  await page.unroute('**/api/v1/events');
  await page.getByRole('alert').waitFor({ state: 'detached', timeout: 20_000 });
});

await browser.close();
process.exit(failed ? 1 : 0);
