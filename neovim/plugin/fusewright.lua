if vim.g.loaded_fusewright or vim.fn.has('nvim-0.7') == 0 then
  return
end
vim.g.loaded_fusewright = true

for command, about in pairs({
  Verify = 'Judge the pair in this buffer',
  Archive = 'Append the pair in this buffer to the dataset',
  Cancel = 'End the verification of this buffer',
  Doctor = 'Show what this machine has and lacks',
}) do
  vim.api.nvim_create_user_command('Fusewright' .. command, function()
    require('fusewright.commands')[command:lower()]()
  end, { desc = about })
end

if (vim.g.fusewright or {}).autostart == false then
  return
end

if vim.fn.has('nvim-0.11') == 1 then
  vim.lsp.enable('fusewright')
  return
end

vim.api.nvim_create_autocmd('FileType', {
  group = vim.api.nvim_create_augroup('fusewright', { clear = true }),
  pattern = 'python',
  callback = function(event)
    require('fusewright.client').attach(event.buf)
  end,
})
