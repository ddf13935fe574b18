// Sets light or dark before the first paint. A file of its own: the page's policy allows no script within it.
(function () {
  var scheme;
  try {
    scheme = localStorage.getItem('yagura.scheme');
  } catch {
    // Storage may be forbidden; then the system decides.
  }
  if (scheme !== 'light' && scheme !== 'dark') {
    scheme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  }
  document.documentElement.setAttribute('data-mantine-color-scheme', scheme);
})();
