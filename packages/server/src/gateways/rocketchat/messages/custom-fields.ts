// Fields of messages that the operator describes by a JSON schema (the settings `Message_CustomFields…`).
import { z } from 'zod'
import { failure, type MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'

/** Why the fields are not taken, or null. */
export function checkCustomFields({ settings, log }: Gate, fields: unknown): MeteorError | null {
  if (fields === undefined || fields === null) return null
  if (!settings.get('Message_CustomFields_Enabled')) return failure('Custom fields not enabled')
  const shape = shapeOf(settings.get('Message_CustomFields'), log)
  return shape?.safeParse(fields).success ? null : failure('Invalid custom fields')
}

let known: { readonly text: string; readonly shape: z.ZodType | undefined } | undefined

/** undefined where the setting holds no schema: nothing fits then. */
function shapeOf(text: string, log: Gate['log']): z.ZodType | undefined {
  if (known?.text !== text) known = { text, shape: read(text, log) }
  return known.shape
}

function read(text: string, log: Gate['log']): z.ZodType | undefined {
  try {
    return z.fromJSONSchema({ type: 'object', ...JSON.parse(text) })
  } catch {
    log.warn({ setting: 'Message_CustomFields' }, 'a setting holds no JSON schema')
    return undefined
  }
}
