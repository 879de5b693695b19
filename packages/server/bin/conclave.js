#!/usr/bin/env node
// The command `conclave`. Only what Node 20 has: under an older Node than the server needs it goes on
// in a second process under the project's own, and in a checkout it installs first what is missing.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const NODE_MAJOR = 24
const installer = new URL('../../../scripts/prepare.js', import.meta.url)
const checkout = existsSync(installer) ? await import(installer.href) : undefined

if (checkout && !(await checkout.prepare())) process.exitCode = 1
else if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR) await run()
else goOn(checkout?.nodePath())

async function run() {
  // No server stays behind unseen when what started it was killed: npm (or its shell), or the process under an older Node.
  const stop = () => process.kill(process.pid, 'SIGTERM')
  const parent = process.ppid
  if (process.env.npm_lifecycle_event) setInterval(() => process.ppid === parent || stop(), 1000).unref()
  process.once('disconnect', stop)
  process.channel?.unref()
  const { main } = await import('../src/cli.ts')
  process.exitCode = await main(process.argv.slice(2))
}

/** @param {string | undefined} node the Node to go on under */
function goOn(node) {
  if (node === undefined) {
    process.stderr.write(`Conclave needs Node ${NODE_MAJOR} or newer; this is ${process.version}.\n`)
    process.exitCode = 1
    return
  }
  const child = spawn(node, [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  // A terminal sends its Ctrl-C to both processes.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
