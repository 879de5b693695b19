// Routes about messages: `chat.*`, histories.
import type { Route } from '../route.ts'
import { chatSendMessage } from './chat.sendMessage.ts'

export const MESSAGES: readonly Route[] = [chatSendMessage]
