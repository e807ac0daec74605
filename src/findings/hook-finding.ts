import type { Finding } from './finding'

export function hookFinding(text: string, data: Record<string, unknown> = {}): Finding {
  return { code: 'NKA002', text, data }
}
