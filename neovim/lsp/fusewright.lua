--- The configuration that `vim.lsp.enable('fusewright')` reads (Neovim 0.11 and later).

local config = require('fusewright.config')

return {
  cmd = config.cmd(),
  filetypes = { 'python', 'text' },
  root_dir = function(bufnr, on_dir)
    if config.wants(bufnr) then
      on_dir(config.root(bufnr))
    end
  end,
  -- One server serves every buffer, because it finds each file's workspace itself.
  reuse_client = function(client, wanted)
    return client.name == wanted.name and not client:is_stopped()
  end,
  capabilities = config.capabilities(),
  init_options = config.init_options(),
  handlers = config.handlers,
  on_attach = function(_, bufnr)
    require('fusewright.client').follow_lenses(bufnr)
  end,
}
