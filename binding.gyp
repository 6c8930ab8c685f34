{
  "targets": [
    {
      "target_name": "rpmoci",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake-js",
          "message": "CMakeLists.txt is the one description of the build; node-gyp hands over to it",
          "inputs": ["CMakeLists.txt"],
          "outputs": ["<(PRODUCT_DIR)/rpmoci.node", "<(PRODUCT_DIR)/rpmoci-transfer.node"],
          "action": ["node", "node_modules/cmake-js/bin/cmake-js", "build", "--parallel", "2"]
        }
      ]
    }
  ]
}
