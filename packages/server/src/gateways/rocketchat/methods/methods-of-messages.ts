// Methods about messages.
import type { Method } from '../method.ts'
import { loadHistory } from './loadHistory.ts'
import { sendMessage } from './sendMessage.ts'

export const MESSAGES: readonly Method[] = [loadHistory, sendMessage]
