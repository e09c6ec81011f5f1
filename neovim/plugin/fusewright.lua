if vim.g.loaded_fusewright or vim.fn.has('nvim-0.7') == 0 then
  return
end
vim.g.loaded_fusewright = true

for command, about in pairs({
  Generate = 'Have the kernel of the pair in this buffer written',
  Fix = 'Have the kernel mended, by what its verdict says',
  Verify = 'Judge the pair in this buffer',
  Archive = 'Append the pair in this buffer to the dataset',
  Convert = 'Put the pair in this buffer into the other style',
  Cancel = 'End what runs on this buffer',
  Doctor = 'Show what this machine has and lacks',
}) do
  vim.api.nvim_create_user_command('Fusewright' .. command, function(call)
    local selected = call.range > 0
    require('fusewright.commands')[command:lower()](selected and call.line1 or nil, selected and call.line2 or nil)
  end, { desc = about, range = command == 'Generate' })
end

vim.api.nvim_create_user_command('FusewrightRun', function(call)
  require('fusewright.commands').run(call.args)
end, {
  desc = 'Work at an idea, at all of them, or at a task',
  nargs = '?',
  complete = function()
    return { 'next', 'all', 'task' }
  end,
})

vim.api.nvim_create_user_command('FusewrightAbandon', function()
  require('fusewright.commands').abandon()
end, { desc = 'Give up what is being worked at' })

vim.api.nvim_create_user_command('FusewrightInit', function(call)
  require('fusewright.commands').init(call.args)
end, { desc = 'Lay out a workspace', nargs = '?', complete = 'dir' })

if (vim.g.fusewright or {}).autostart == false then
  return
end

if vim.fn.has('nvim-0.11') == 1 then
  vim.lsp.enable('fusewright')
  return
end

vim.api.nvim_create_autocmd('FileType', {
  group = vim.api.nvim_create_augroup('fusewright', { clear = true }),
  pattern = { 'python', 'text' },
  callback = function(event)
    require('fusewright.client').attach(event.buf)
  end,
})
