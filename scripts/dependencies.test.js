import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { violations } from './dependencies.js'

/**
 * What is found in a tree of these files; `~` stands for packages/server/src, `wire` for packages/wire/src.
 * @param {Record<string, string>} files
 */
function found(files) {
  const root = mkdtempSync(join(tmpdir(), 'conclave-rule-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      const file = join(root, path.replace(/^~/, 'packages/server/src').replace(/^wire/, 'packages/wire/src'))
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, text)
    }
    return violations(root).map(line =>
      line.replaceAll('packages/server/src', '~').replaceAll('packages/wire/src', 'wire'),
    )
  } finally {
    rmSync(root, { recursive: true })
  }
}

/** @type {[path: string, text: string, message: string][]} */
const REFUSED = [
  ['wire/a.ts', "import 'node:fs'", '1: wire uses no packages: node:fs'],
  ['wire/a.ts', "import { z } from 'zod'", '1: wire uses no packages: zod'],
  ['wire/a.ts', "import '@conclave/server/config'", '1: wire may not import config'],
  ['wire/a.ts', "import '../../server/src/room/a.ts'", '1: wire may not import room'],

  ['~/room/a.ts', "import type { z } from 'zod'", '1: room uses no packages: zod'],
  ['~/room/a.ts', "import '../engine/a.ts'", '1: room may not import engine'],
  ['~/room/a.ts', "import type { A } from '../store/store.ts'", '1: room may not import ports'],
  ['~/room/a.ts', "import '../config.ts'", '1: room may not import config'],
  ['~/room/a.ts', '\nconst now = Date.now()', '2: room is pure: Date.now'],
  ['~/room/a.ts', 'const today = new Date()', '1: room is pure: new Date()'],
  ['~/room/a.ts', `const text = \`\${Math.random()}\``, '1: room is pure: Math.random'],
  ['~/room/a.ts', 'if (process.env.A) a()', '1: room is pure: process.'],
  ['~/room/a.ts', 'setTimeout(a, 1)', '1: room is pure: setTimeout'],

  ['~/bus/bus.ts', "import './local.ts'", '1: ports may not import adapters'],
  ['~/store/store.ts', "import '../engine/a.ts'", '1: ports may not import engine'],
  ['~/bus/local.ts', "import '../engine/a.ts'", '1: adapters may not import engine'],
  ['~/bus/local.ts', "import '../store/sqlite/a.ts'", '1: the parts of adapters do not know each other'],
  ['~/store/sqlite/a.ts', "import '../postgres/a.ts'", '1: the parts of adapters do not know each other'],

  ['~/identity/a.ts', "import '../engine/a.ts'", '1: identity may not import engine'],
  ['~/engine/a.ts', "import '../gateways/dino/a.ts'", '1: engine may not import gateways'],
  ['~/engine/a.ts', "import '../store/sqlite/a.ts'", '1: engine may not import adapters'],
  ['~/engine/a.ts', "import '../main.ts'", '1: engine may not import start'],
  ['~/engine/a.test.ts', "import '../gateways/dino/a.ts'", '1: engine may not import gateways'],
  ['~/engine/a.ts', "import './a.test.ts'", '1: only tests import a test'],
  ['~/room/a.ts', "import './fixtures.ts'", '1: only tests import a test'],
  ['~/fanout/a.ts', "import '../engine/a.ts'", '1: fanout may not import engine'],
  ['~/fanout/a.ts', "import '../gateways/dino/a.ts'", '1: fanout may not import gateways'],

  ['~/gateways/dino/a.ts', "import '../xchat/a.ts'", '1: the parts of gateways do not know each other'],
  ['~/gateways/dino/a.ts', "import '../../bus/local.ts'", '1: gateways may not import adapters'],
  ['~/gateways/xchat/a.ts', "import { a } from '../../store/store.ts'", '1: gateways may use ports by import type'],
  [
    '~/gateways/xchat/a.ts',
    "import { type A } from '../../store/store.ts'",
    '1: gateways may use ports by import type',
  ],
  ['~/gateways/a.ts', "import './dino/a.ts'", '1: common may not import gateways'],
  ['~/operator/a.ts', "import '../gateways/dino/a.ts'", '1: operator may not import gateways'],
  ['~/operator/a.ts', "import '../store/sqlite/a.ts'", '1: operator may not import adapters'],

  ['~/extra.ts', '', '1: belongs to no layer'],
  ['~/engine/a.ts', "import '../../../../conformance/a.ts'", '1: engine may not import outside'],
  ['~/engine/a.ts', "import '../../../../package.json'", '1: engine imports nothing from outside of the packages'],
  ['~/engine/a.ts', "import './b'", '1: an import is written with its .ts extension'],
  ['~/engine/a.ts', "export * from './b.js'", '1: an import is written with its .ts extension'],
  ['~/engine/a.ts', '\nexport default 1', '2: no default exports'],
  ['~/engine/a.ts', 'const a = 1\nexport { a as default }', '2: no default exports'],

  ['~/open-core.ts', "import './gateways/dino/a.ts'", '1: opening may not import gateways'],
  ['~/engine/a.ts', "\n\nawait import('../main.ts')", '3: engine may not import start'],
  ['~/engine/a.ts', "export type { A } from '../main.ts'", '1: engine may not import start'],
  ['~/engine/a.ts', "import {\n  a,\n  type B,\n} from '../main.ts'", '1: engine may not import start'],
  ['~/engine/a.ts', "const a = /['`]/\nimport '../main.ts'", '2: engine may not import start'],
  ['~/engine/a.ts', `const a = \`\${'\`'}'\`\nimport '../main.ts'`, '2: engine may not import start'],
]

test.each(REFUSED)('refused: %s with %j', (path, text, message) => {
  expect(found({ [path]: text })).toEqual([expect.stringContaining(`${path}:${message}`)])
})

test('refused: a circle, named by its files', () => {
  const files = {
    '~/engine/a.ts': "import type { C } from './c.ts'\nimport './b.ts'",
    '~/engine/b.ts': "import './c.ts'",
    '~/engine/c.ts': "\nimport './a.ts'",
  }
  expect(found(files)).toEqual([
    '~/engine/c.ts:2: a circle of imports: ~/engine/a.ts → ~/engine/b.ts → ~/engine/c.ts → ~/engine/a.ts',
  ])
})

test('refused: a circle through the name of a package', () => {
  const files = { 'wire/a.ts': "import '@conclave/wire'", 'wire/index.ts': "export * from './a.ts'" }
  expect(found(files)).toEqual(['wire/index.ts:1: a circle of imports: wire/a.ts → wire/index.ts → wire/a.ts'])
})

/** @type {[path: string, text: string][]} */
const ACCEPTED = [
  ['~/room/a.ts', "import { a } from '@conclave/wire'\nimport { b } from '@conclave/wire/xchat/keys'"],
  ['~/room/a.ts', "new Date(now).toISOString()\nstate.process.length\nconst a = 'Date.now()'"],
  ['~/room/a.ts', "// import './x'\n/*\nimport 'zod'\n*/\nconst a = \"import('zod')\""],
  ['~/room/a.ts', `const a = \`\nimport 'zod'\nDate.now()\n\${\`}\`}\nimport 'zod'\n\``],
  ['~/room/a.test.ts', "import fc from 'fast-check'\nimport 'node:fs'\nDate.now()"],
  ['~/room/a-testing.ts', "import fc from 'fast-check'\nMath.random()"],
  ['~/engine/a.ts', "import type { A } from './a.ts'"],
  ['~/engine/a.test.ts', "import '../store/sqlite/a.ts'\nimport '../bus/local.ts'"],
  ['~/store/contract.ts', "import { test } from 'vitest'\nimport './store.ts'"],
  ['~/store/sqlite/a.ts', "import 'node:sqlite'\nimport '../projection.ts'\nimport './b.ts'"],
  ['~/gateways/dino/a.ts', "import type { A } from '../../store/store.ts'\nimport '../origins.ts'"],
  ['~/cli.ts', "import './store/sqlite/a.ts'"],
  ['~/main.ts', "import './store/sqlite/a.ts'\nimport './gateways/dino/a.ts'\nimport './config.ts'"],
  ['~/main.test.ts', "import './main.ts'"],
  ['bench/a.ts', "import '../packages/server/src/store/sqlite/a.ts'"],
]

test.each(ACCEPTED)('accepted: %s with %j', (path, text) => {
  expect(found({ [path]: text })).toEqual([])
})
