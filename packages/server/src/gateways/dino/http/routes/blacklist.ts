// `POST /blacklist`, `DELETE /blacklist`: words (base64) that are not let through.
import { z } from 'zod'
import type { Gate } from '../../gate.ts'
import { Fault, type Given, NOTHING, route } from '../route.ts'
import { base64 } from '../shapes.ts'
import { textOf } from '../targets.ts'

/** Characters of a word: a sentence at most. */
const WORD = 256

const body = z.object({ word: base64 })

export const addWord = route({
  method: 'POST',
  path: '/blacklist',
  summary: 'Adds a word that is not let through.',
  wrapped: false,
  body,
  answer: z.null(),
  run: (gate, { word }) => write(gate, word, 'put'),
})

export const dropWord = route({
  method: 'DELETE',
  path: '/blacklist',
  summary: 'Lets a word through again.',
  wrapped: false,
  body,
  answer: z.null(),
  run: (gate, { word }) => write(gate, word, 'drop'),
})

async function write(gate: Gate, encoded: string, what: 'put' | 'drop'): Promise<Given | Fault> {
  const text = textOf(encoded, 'word')
  if (text instanceof Fault) return text
  const word = text.trim().toLowerCase()
  if (word === '' || word.length > WORD) return new Fault(`a word has 1 to ${WORD} characters`)
  const row = what === 'put' ? ({ put: 'word', word } as const) : ({ drop: 'word', word } as const)
  await gate.parts.write({ guards: [], append: null, rows: [row] })
  gate.words.changed()
  return NOTHING
}
