// Words that are made unreadable before a plain message is stored (the settings `Message_AllowBadWordsFilter` and
// `Message_BadWordsFilterList`).
import type { Gate } from '../gate.ts'

export function filtered({ settings }: Gate, text: string): string {
  if (text === '' || !settings.get('Message_AllowBadWordsFilter')) return text
  const pattern = patternOf(settings.get('Message_BadWordsFilterList'))
  return pattern ? text.replace(pattern, word => '*'.repeat(word.length)) : text
}

let known: { readonly list: string; readonly pattern: RegExp | null } | undefined

function patternOf(list: string): RegExp | null {
  if (known?.list !== list) {
    const words = list.split(',').map(word => word.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    const some = words.filter(word => word !== '')
    const pattern =
      some.length > 0 ? new RegExp(`(?<![\\p{L}\\p{N}])(?:${some.join('|')})(?![\\p{L}\\p{N}])`, 'giu') : null
    known = { list, pattern }
  }
  return known.pattern
}
