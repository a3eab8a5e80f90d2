// shots.mjs DIRECTORY [WIDTHS] [PAGES]: pictures of the pages of inferacct-report.html, at each width, light and dark;
// with README as the only argument the two that README shows.
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { openBrowser, openReport } from './browser.mjs'
import { readPages } from './charts.mjs'

const file = resolve(process.env.OUT || 'inferacct-report.html')
const [where, widths = '390,1024,1600', only = ''] = process.argv.slice(2)
const browser = await openBrowser()

async function shoot(directory, width, theme, ids) {
	const { page, trouble, close } = await openReport(browser, file, width, theme, 3000)
	for (const id of ids) {
		const box = id === 'header' ? page.locator('header') : page.locator(`#${id}`)
		await box.screenshot({ path: `${directory}/${id}-${width}-${theme}.png` })
	}
	for (const line of trouble) process.stderr.write(`${width} ${theme}: ${line}\n`)
	await close()
}

if (where === 'README') {
	mkdirSync('docs/images', { recursive: true })
	for (const [id, name] of [['breakeven', 'breakeven'], ['spend_month', 'spend']]) {
		for (const theme of ['light', 'dark']) {
			const { page, close } = await openReport(browser, file, 1000, theme)
			await page.addStyleTag({ content: 'nav, details { display: none }' }).catch(() => {})
			await page.locator(`#${id === 'breakeven' ? 'breakeven figure' : id}`).first().screenshot({ path: `docs/images/${name}-${theme}.png` })
			await close()
		}
	}
} else {
	mkdirSync(where, { recursive: true })
	const ids = only ? only.split(',') : ['header', ...readPages().map(page => page.id)]
	for (const width of widths.split(',').map(Number)) for (const theme of ['light', 'dark']) await shoot(where, width, theme, ids)
}
await browser.close()
