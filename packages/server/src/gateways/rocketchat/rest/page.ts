// Lists in parts: `offset` and `count` of a request, and `count`, `offset`, `total` beside the items of an answer.
import { z } from 'zod'
import type { Gate } from '../gate.ts'
import { PAGE_DEFAULT, PAGE_MOST } from '../limits.ts'

const whole = z.union([z.number(), z.string()]).transform(value => Number.parseInt(String(value), 10))

/** What the query of a list route may hold besides its own. */
export const PAGED = {
  offset: whole.optional(),
  count: whole.optional(),
  sort: z.string().max(1_024).optional(),
} as const

export interface Page {
  readonly offset: number
  readonly count: number
}

/** Zero asks for everything where the settings let it; either way at most PAGE_MOST come. */
export function pageOf({ settings }: Gate, { offset, count }: { offset?: number; count?: number }): Page {
  const usual = within(settings.get('API_Default_Count')) ?? PAGE_DEFAULT
  const most = within(settings.get('API_Upper_Count_Limit')) ?? PAGE_MOST
  const asked = count === undefined || Number.isNaN(count) || count < 0 ? usual : Math.min(count, most)
  const all = settings.get('API_Allow_Infinite_Count') ? PAGE_MOST : usual
  return { offset: Math.max(0, offset || 0), count: asked === 0 ? all : asked }
}

function within(value: number): number | undefined {
  return value > 0 ? Math.min(value, PAGE_MOST) : undefined
}

/** The part of a whole list that was asked for, under the name that the route's answer gives it. */
export function pagedAnswer(name: string, items: readonly unknown[], { offset, count }: Page): object {
  const part = items.slice(offset, offset + count)
  return { [name]: part, count: part.length, offset, total: items.length }
}
