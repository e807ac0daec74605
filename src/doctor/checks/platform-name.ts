const names: Readonly<Record<string, string>> = { darwin: 'macOS', win32: 'Windows' }

/** What people call the platform. */
export function platformName(platform: string): string {
  return names[platform] ?? platform
}
