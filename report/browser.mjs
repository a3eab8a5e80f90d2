// browser.mjs: the Chromium of Debian that CHROMIUM names, driven by playwright-core, without a network.
import { chromium } from 'playwright-core'
import { pathToFileURL } from 'node:url'

// Where CHROMIUM is not set there is none; LIBRARIES are those unpacked beside it.
export async function openBrowser() {
	return chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'] })
}

// The page at a width and in a theme, with what it said on its console and asked of the network.
export async function openReport(browser, file, width, theme, height = 900) {
	const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, deviceScaleFactor: 1, reducedMotion: 'reduce' })
	const page = await context.newPage()
	const trouble = []
	page.on('console', message => ['error', 'warning'].includes(message.type()) && trouble.push(message.text()))
	page.on('pageerror', error => trouble.push(String(error)))
	page.on('request', request => request.url().startsWith('file:') || request.url().startsWith('data:') || trouble.push(`asked for ${request.url()}`))
	await page.goto(pathToFileURL(file).href)
	await page.waitForFunction(() => document.documentElement.dataset.drawn)
	return { page, trouble, close: () => context.close() }
}
